#include "controller/store/stored_content_records.h"

#include <utility>

namespace muster {
namespace {

// More phases than a rebuild has; beyond, all are read again.
constexpr size_t kMaxSpecs = 64;

// Nothing: the job has no such task, or was never made.
absl::StatusOr<std::optional<Task>> TaskOf(JobReader& reader, const std::string& job,
                                           const std::string& node) {
  absl::StatusOr<Task> task = reader.GetTask(job, node);
  if (task.ok()) return std::optional<Task>(*std::move(task));
  if (absl::IsNotFound(task.status())) return std::optional<Task>();
  return task.status();
}

bool IsMountedAgain(const Task& task) {
  return task.state == TaskState::kSucceeded || task.state == TaskState::kAlreadySatisfied;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const OperationSpec>> StoredContentRecords::SpecOf(
    const std::string& id) {
  if (const auto known = specs_.find(id); known != specs_.end()) return known->second;
  absl::StatusOr<OperationRecord> record = reader_.GetOperation(id);
  MUSTER_RETURN_IF_ERROR(record.status());
  if (specs_.size() == kMaxSpecs) specs_.clear();
  return specs_.emplace(id, std::move(record->spec)).first->second;
}

absl::StatusOr<ContentRecord> StoredContentRecords::Of(const std::string& content,
                                                       const std::string& node) {
  const absl::StatusOr<std::vector<std::string>> ids = reader_.OperationsOfContent(content);
  MUSTER_RETURN_IF_ERROR(ids.status());
  ContentRecord record;
  bool is_mounted_again = false;  // since it was recorded
  for (const std::string& id : *ids) {
    const auto spec = SpecOf(id);
    MUSTER_RETURN_IF_ERROR(spec.status());
    const ContentSpec& phase = *(*spec)->content;
    const auto task = TaskOf(reader_, phase.is_unmount ? phase.record_job : phase.job, node);
    MUSTER_RETURN_IF_ERROR(task.status());
    if (!*task) continue;
    if (!phase.is_unmount) {
      is_mounted_again = is_mounted_again || IsMountedAgain(**task);
    } else if ((*task)->outcome && (*task)->outcome->evidence.content) {
      if (std::exchange(is_mounted_again, false)) record = {};
      Merge(*(*task)->outcome->evidence.content, &record);
    }
  }
  return record;
}

}  // namespace muster
