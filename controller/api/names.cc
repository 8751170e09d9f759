#include "controller/api/names.h"

#include <algorithm>

#include "common/limits.h"
#include "common/uuid.h"

namespace muster {
namespace {

constexpr char kJobs[] = "jobs/";
constexpr char kOperations[] = "operations/";
constexpr char kTasks[] = "/tasks/";
constexpr char kNodes[] = "nodes/";

bool IsNode(const std::string& node) {
  return !node.empty() && node.size() <= limits::kMaxNameBytes &&
         node.find('/') == std::string::npos;
}

absl::Status BadName(const std::string& name, const char* form) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, "the name '{:.{}}' is not of the form {}",
                    name, limits::kMaxNameBytes, form);
}

}  // namespace

absl::StatusOr<std::string> ParseJobName(const std::string& name) {
  const std::string id = name.starts_with(kJobs) ? name.substr(sizeof(kJobs) - 1) : "";
  if (!IsUuid(id)) return BadName(name, "jobs/UUID");
  return id;
}

absl::StatusOr<std::string> ParseOperationName(const std::string& name) {
  const std::string id = name.starts_with(kOperations) ? name.substr(sizeof(kOperations) - 1) : "";
  if (!IsUuid(id)) return BadName(name, "operations/UUID");
  return id;
}

absl::StatusOr<TaskId> ParseTaskName(const std::string& name) {
  const size_t split = name.find(kTasks);
  if (split == std::string::npos) return BadName(name, "jobs/UUID/tasks/NODE");
  const absl::StatusOr<std::string> job = ParseJobName(name.substr(0, split));
  const std::string node = name.substr(split + sizeof(kTasks) - 1);
  if (!job.ok() || !IsNode(node)) return BadName(name, "jobs/UUID/tasks/NODE");
  return TaskId{*job, node};
}

absl::StatusOr<std::string> ParseNodeName(const std::string& name) {
  const std::string node = name.starts_with(kNodes) ? name.substr(sizeof(kNodes) - 1) : "";
  if (!IsNode(node)) return BadName(name, "nodes/NODE");
  return node;
}

std::string NodeName(const std::string& node) { return kNodes + node; }

size_t PageSize(uint32_t asked, size_t usual, size_t most) {
  return asked == 0 ? usual : std::min<size_t>(asked, most);
}

}  // namespace muster
