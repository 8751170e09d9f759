// Timestamps of the protocol as people read them. They are the controller's and for display only. Pure; any thread.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "common/time.h"

namespace muster::cli {

// Never negative: a clock that was set back between the two must not show "-3 s".
Duration Between(const google::protobuf::Timestamp& from, const google::protobuf::Timestamp& to);

// "2026-11-21 08:04:11Z".
std::string FormatTime(const google::protobuf::Timestamp& time);

}  // namespace muster::cli
