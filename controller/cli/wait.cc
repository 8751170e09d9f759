// Each stream begins after the last revision seen.
#include "controller/cli/wait.h"

#include <algorithm>

#include "controller/cli/paging.h"

namespace muster::cli {
namespace {

// Pages of one job; a million tasks.

class JobWatch final : public WatchLoop {
 public:
  JobWatch(Connection& connection, std::optional<Duration> wait, Progress& progress, JobView& view)
      : WatchLoop(connection, wait, progress, view.job.name()),
        view_(view),
        revision_(view.job.revision()) {}

 private:
  grpc::Status Follow(grpc::ClientContext& context) override {
    v1::WatchJobRequest request;
    request.set_name(name());
    request.set_revision(revision_);
    const auto stream = connection().stub().WatchJob(&context, request);
    v1::JobChanges changes;
    while (stream->Read(&changes)) {
      for (const v1::Task& task : changes.tasks()) view_.Apply(task);
      if (changes.has_job()) view_.Apply(changes.job());
      revision_ = std::max(revision_, changes.revision());
      NoteContact();
      progress().Show(view_);
      if (IsComplete()) context.TryCancel();
    }
    return stream->Finish();
  }

  grpc::Status Ask(grpc::ClientContext& context) override {
    v1::GetJobRequest request;
    request.set_name(name());
    v1::Job job;
    grpc::Status status = connection().stub().GetJob(&context, request, &job);
    if (status.ok()) view_.Apply(job);
    return status;
  }

  bool IsComplete() const override { return view_.IsComplete(); }
  bool HasEnded() const override { return IsEnded(view_.job.state()); }

  JobView& view_;
  uint64_t revision_;
};

}  // namespace

absl::StatusOr<WaitEnd> WaitForJob(Connection& connection, std::optional<Duration> wait,
                                   Progress& progress, JobView& view) {
  return JobWatch(connection, wait, progress, view).Run();
}

absl::Status FetchTasks(Connection& connection, JobView& view) {
  v1::ListTasksRequest request;
  request.set_parent(view.job.name());
  request.set_page_size(kPageSize);
  for (int page = 0; page < kMaxPages; ++page) {
    v1::ListTasksResponse response;
    MUSTER_RETURN_IF_ERROR(connection.Call(&v1::Controller::Stub::ListTasks,
                                           "list the tasks of " + view.job.name(), request,
                                           response));
    for (const v1::Task& task : response.tasks()) view.Apply(task);
    if (response.next_page_token().empty()) return absl::OkStatus();
    request.set_page_token(response.next_page_token());
  }
  return absl::OkStatus();
}

}  // namespace muster::cli
