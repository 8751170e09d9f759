// Resource names of the operators' API, and its page tokens. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/status.h"

namespace muster {

struct TaskId {
  std::string job;
  std::string node;
};

// The id in "jobs/{uuid}", and so on. INVALID_ARGUMENT with the form that a name must have.
absl::StatusOr<std::string> ParseJobName(const std::string& name);
absl::StatusOr<std::string> ParseOperationName(const std::string& name);
absl::StatusOr<TaskId> ParseTaskName(const std::string& name);
absl::StatusOr<std::string> ParseNodeName(const std::string& name);
std::string NodeName(const std::string& node);

// 0 is the default; larger than `most` is `most` (AIP-158).
size_t PageSize(uint32_t asked, size_t usual, size_t most);

}  // namespace muster
