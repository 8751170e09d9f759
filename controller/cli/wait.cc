// Each stream begins after the last revision seen.
#include "controller/cli/wait.h"

#include "controller/cli/job_screen.h"
#include "controller/cli/paging.h"

namespace muster::cli {
namespace {

class JobWatch final : public WatchLoop {
 public:
  JobWatch(Connection& connection, std::optional<Duration> wait, Progress& progress, JobView& view)
      : WatchLoop(connection, wait, progress, view.job.name()),
        view_(view),
        screen_(connection, progress, view) {}

  void TellEnd() { screen_.TellEnd(); }

 private:
  grpc::Status Follow(grpc::ClientContext& context) override {
    v1::WatchJobRequest request;
    request.set_name(name());
    request.set_revision(screen_.revision());
    grpc::CompletionQueue queue;
    return Read(connection().stub().PrepareAsyncWatchJob(&context, request, &queue), queue,
                [&](const v1::JobChanges& changes) {
                  screen_.Apply(changes);
                  NoteContact();
                  if (IsComplete()) context.TryCancel();
                });
  }

  void OnTick() override { screen_.Tick(); }

  grpc::Status Cancel(grpc::ClientContext& context) override {
    v1::CancelJobRequest request;
    request.set_name(name());
    v1::Job job;
    grpc::Status status = connection().stub().CancelJob(&context, request, &job);
    if (status.ok()) view_.Apply(job);
    return status;
  }

  grpc::Status Ask(grpc::ClientContext& context) override { return screen_.Ask(context); }

  bool IsComplete() const override { return view_.IsComplete(); }
  bool HasEnded() const override { return IsEnded(view_.job.state()); }

  JobView& view_;
  JobScreen screen_;
};

}  // namespace

absl::StatusOr<WaitEnd> WaitForJob(Connection& connection, std::optional<Duration> wait,
                                   Progress& progress, JobView& view) {
  JobWatch watch(connection, wait, progress, view);
  const absl::StatusOr<WaitEnd> end = watch.Run();
  watch.TellEnd();
  return end;
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
