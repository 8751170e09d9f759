// A job's policy as its message, for the operators' API and for the store, and back. Pure; any thread.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "common/time.h"
#include "controller/engine/policy.h"
#include "muster/v1/job.pb.h"

namespace muster {

// Every field is set; those that mean "no limit" are absent.
v1::Policy ToProto(const Policy& policy);

// A field that is absent, or an unknown way to handle conflicts, becomes the default of Policy. `since_age` says nothing here: whoever
// has a clock makes `since` of it. Whether the values make sense is for the caller to say; none is refused, and those that do
// not fit are cut.
Policy FromProto(const v1::Policy& proto);

// Hundredths of a percent, rounded to the nearest; 0 for what is no number.
CountOrPercent FromProto(const v1::CountOrPercent& proto);

google::protobuf::Timestamp ToProto(Time time);
// Cut to the years 1678 to 2261, which a Time can hold.
Time FromProto(const google::protobuf::Timestamp& proto);

}  // namespace muster
