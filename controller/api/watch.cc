#include "controller/api/watch.h"

#include <utility>

#include "controller/api/convert.h"
#include "controller/store/operation_proto.h"

namespace muster {

JobWatch* JobWatch::Start(const std::string& job, uint64_t revision, WatchContext context) {
  const std::shared_ptr<JobWatch> watch(new JobWatch(job, revision, std::move(context)));
  JobWatch* const result = watch.get();
  result->Begin(watch, job);
  return result;
}

JobWatch::JobWatch(std::string job, uint64_t revision, WatchContext context)
    : WatchReactor(std::move(context), Duration::zero()), job_(std::move(job)) {
  cursor_.revision = revision;
}

absl::StatusOr<JobWatch::Next> JobWatch::Read(v1::JobChanges& message) {
  const absl::StatusOr<Changes> changes =
      context().reader.ReadChanges(job_, cursor_, kMaxWatchBatch);
  MUSTER_RETURN_IF_ERROR(changes.status());
  Next next;
  next.has_news = !has_sent_ || !changes->tasks.empty() ||
                  changes->next.revision != cursor_.revision || changes->next.node != cursor_.node;
  next.is_last = changes->is_complete && IsTerminal(changes->job.status.state);
  cursor_ = changes->next;
  if (!next.has_news) return next;
  has_sent_ = true;
  message.Clear();
  for (const Task& task : changes->tasks) *message.add_tasks() = ToProto(job_, task);
  *message.mutable_job() = ToProto(changes->job);
  message.set_revision(changes->next.revision);
  return next;
}

OperationWatch* OperationWatch::Start(const std::string& operation, WatchContext context) {
  const std::shared_ptr<OperationWatch> watch(new OperationWatch(operation, std::move(context)));
  OperationWatch* const result = watch.get();
  result->Begin(watch, operation);
  return result;
}

OperationWatch::OperationWatch(std::string operation, WatchContext context)
    : WatchReactor(std::move(context), kOperationPause), operation_(std::move(operation)) {}

absl::StatusOr<OperationWatch::Next> OperationWatch::Read(v1::Operation& message) {
  if (!sees_job_) {
    const absl::StatusOr<OperationRecord> record = context().reader.GetOperation(operation_);
    MUSTER_RETURN_IF_ERROR(record.status());
    for (const std::string& job : JobsOf(*record->spec)) Follow(job);
    sees_job_ = true;
  }
  absl::StatusOr<v1::Operation> operation = ReadOperation(operation_, context().reader);
  MUSTER_RETURN_IF_ERROR(operation.status());
  message = std::move(*operation);
  std::string bytes = message.SerializeAsString();
  const bool has_news = bytes != last_;
  last_ = std::move(bytes);
  return Next{has_news, IsTerminal(static_cast<OperationState>(message.state()))};
}

absl::StatusOr<v1::Operation> ReadOperation(const std::string& id, JobReader& reader) {
  const absl::StatusOr<OperationRecord> record = reader.GetOperation(id);
  MUSTER_RETURN_IF_ERROR(record.status());
  v1::Operation operation = ToProto(*record);
  // The API tells the baseline to nobody: whoever gave it has it, and it may be large.
  if (operation.has_resubscription()) operation.mutable_resubscription()->clear_baseline();
  std::string newest;
  for (const OperationStep& step : record->status.steps)
    if (!step.job.empty()) newest = step.job;
  const absl::StatusOr<JobSummary> job = reader.GetJob(newest);
  if (job.ok()) *operation.mutable_job() = ToProto(*job);
  return operation;
}

}  // namespace muster
