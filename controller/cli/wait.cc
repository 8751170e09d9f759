// Each stream begins after the last revision seen.
#include "controller/cli/wait.h"

#include <algorithm>

#include "controller/cli/job_history.h"
#include "controller/cli/paging.h"
#include "controller/cli/report.h"

namespace muster::cli {
namespace {

// A second of the controller's is over for certain when so much more has gone by here: its store may still be writing what ended in it.
constexpr std::chrono::seconds kMargin{3};

class JobWatch final : public WatchLoop {
 public:
  JobWatch(Connection& connection, std::optional<Duration> wait, Progress& progress, JobView& view)
      : WatchLoop(connection, wait, progress, view.job.name()),
        view_(view),
        revision_(view.job.revision()) {
    for (const auto& [node, task] : view.tasks) Note(task);
  }

  // What the watch has not told of a job that has ended.
  void TellEnd() {
    if (!view_.IsComplete()) return;
    for (const auto& [node, task] : view_.tasks) history_.Add(task);
    progress().Tell(history_.TellEnd(view_.job));
  }

 private:
  using SteadyClock = std::chrono::steady_clock;

  grpc::Status Follow(grpc::ClientContext& context) override {
    v1::WatchJobRequest request;
    request.set_name(name());
    request.set_revision(revision_);
    grpc::CompletionQueue queue;
    return Read(connection().stub().PrepareAsyncWatchJob(&context, request, &queue), queue,
                [&](const v1::JobChanges& changes) {
                  Apply(changes);
                  NoteContact();
                  if (IsComplete()) context.TryCancel();
                });
  }

  void Apply(const v1::JobChanges& changes) {
    for (const v1::Task& task : changes.tasks()) {
      view_.Apply(task);
      Note(task);
    }
    if (changes.has_job()) view_.Apply(changes.job());
    revision_ = std::max(revision_, changes.revision());
    is_up_to_date_ = revision_ >= view_.job.revision();
    if (is_up_to_date_) progress().Tell(history_.TellBefore(newest_second_));
    has_news_ = true;
    ShowNews();
  }

  // Folding the nodes of a large job for each message would take longer than the messages do.
  void ShowNews() {
    if (!has_news_ || !progress().IsDue()) return;
    has_news_ = false;
    progress().Show(LiveModelOf(view_), ProgressLine(view_));
  }

  void Note(const v1::Task& task) {
    history_.Add(task);
    if (task.update_time().seconds() <= newest_second_) return;
    newest_second_ = task.update_time().seconds();
    newest_came_ = SteadyClock::now();
  }

  // Nothing comes any more that would show that a second is over: the controller is asked whether anything has happened since.
  void OnTick() override {
    ShowNews();
    if (!is_up_to_date_ || SteadyClock::now() - asked_ < kMargin) return;
    const auto since = std::chrono::floor<std::chrono::seconds>(SteadyClock::now() - newest_came_);
    const int64_t now = newest_second_ + (since - kMargin).count();
    if (!history_.HasLinesBefore(now)) return;
    asked_ = SteadyClock::now();
    grpc::ClientContext context;
    const Interrupt::Cancels cancels(connection().interrupt(), context);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
    if (!Ask(context).ok()) return;
    is_up_to_date_ = revision_ >= view_.job.revision();
    if (is_up_to_date_) progress().Tell(history_.TellBefore(now));
  }

  absl::Status Cancel() override {
    v1::CancelJobRequest request;
    request.set_name(name());
    v1::Job job;
    const absl::Status status =
        connection().Call(&v1::Controller::Stub::CancelJob, "cancel " + name(), request, job);
    if (status.ok()) view_.Apply(job);
    return status;
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
  JobHistory history_;
  bool has_news_ = false;  // that are not on the screen
  // All that had happened when the stream was read last is here.
  bool is_up_to_date_ = false;
  int64_t newest_second_ = 0;  // the latest that a task has changed in, by the controller's clock
  SteadyClock::time_point newest_came_ = SteadyClock::now();
  SteadyClock::time_point asked_;
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
