// Names of resources as operators type them: with or without their collection. Pure; any thread.
#pragma once

#include <string>

#include "common/status.h"

namespace muster::cli {

// "jobs/ID" for "ID" or "jobs/ID". INVALID_ARGUMENT with a sentence for what cannot be one.
absl::StatusOr<std::string> JobName(const std::string& text);
absl::StatusOr<std::string> NodeName(const std::string& text);

// As it is if it does not begin so.
std::string WithoutPrefix(const std::string& text, const std::string& prefix);

// "x1000c0s0b0n0" for "nodes/x1000c0s0b0n0".
std::string NodeId(const std::string& name);

}  // namespace muster::cli
