#include "controller/cli/follow_operation.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "controller/cli/document.h"
#include "controller/cli/duration.h"
#include "controller/cli/follow.h"
#include "controller/cli/job_feed.h"
#include "controller/cli/operation_text.h"
#include "controller/cli/printable.h"
#include "controller/cli/screen_report.h"
#include "controller/cli/wait.h"
#include "controller/cli/watch_loop.h"

namespace muster::cli {
namespace {

class OperationWatch final : public WatchLoop {
 public:
  OperationWatch(Connection& connection, std::optional<Duration> wait, Progress& progress,
                 v1::Operation& operation)
      : WatchLoop(connection, wait, progress, operation.name()), operation_(operation) {}

  // What is known of its newest job; what of that has not been told is. `may_ask`: a last look for tasks that the watch did not bring.
  JobView TakeJob(bool may_ask) {
    const v1::Job& job = operation_.job();
    if (job.name().empty()) return {};
    if (!feed_ || feed_->view().job.name() != job.name()) Feed(job.name());
    progress().Clear();
    JobView& view = feed_->view();
    view.Apply(job);
    const bool is_whole =
        view.tasks.size() == job.task_count() && (view.IsComplete() || !IsEnded(view.job.state()));
    if (may_ask && !is_whole)
      if (const absl::Status status = FetchTasks(connection(), view); !status.ok()) Fail(status);
    feed_->Conclude();
    return std::move(view);
  }

 private:
  grpc::Status Follow(grpc::ClientContext& context) override {
    v1::WatchOperationRequest request;
    request.set_name(name());
    grpc::CompletionQueue queue;
    return Read(connection().stub().PrepareAsyncWatchOperation(&context, request, &queue), queue,
                [&](v1::Operation& news) {
                  NoteContact();
                  Apply(std::move(news));
                  if (IsComplete()) context.TryCancel();
                });
  }

  grpc::Status Ask(grpc::ClientContext& context) override {
    v1::GetOperationRequest request;
    request.set_name(name());
    v1::Operation news;
    grpc::Status status = connection().stub().GetOperation(&context, request, &news);
    if (status.ok()) Apply(std::move(news));
    return status;
  }

  grpc::Status Cancel(grpc::ClientContext& context) override {
    v1::CancelOperationRequest request;
    request.set_name(name());
    v1::Operation news;
    grpc::Status status = connection().stub().CancelOperation(&context, request, &news);
    if (status.ok()) Apply(std::move(news));
    return status;
  }

  bool IsComplete() const override { return IsEnded(operation_.state()); }
  bool HasEnded() const override { return IsComplete(); }

  // Says what has not been told yet: every note; of each step its detail while it waits, and its end.
  void Apply(v1::Operation news) {
    for (int i = CountTold(told_notes_, news.notes()); i < news.notes_size(); ++i) {
      progress().Say(Printable(news.notes(i).text()));
      *told_notes_.Add() = news.notes(i);
    }
    for (int i = 0; i < news.steps_size(); ++i) {
      const v1::Operation::Step& step = news.steps(i);
      const bool is_told = i < told_steps_.size() && told_steps_[i].state() == step.state() &&
                           told_steps_[i].detail() == step.detail();
      const bool is_worth_telling =
          IsEnded(step.state())
              ? step.state() != v1::OPERATION_STATE_CANCELLED
              : step.state() == v1::OPERATION_STATE_RUNNING && !step.detail().empty();
      if (!is_told && is_worth_telling) progress().Say(StepLine(step));
    }
    told_steps_ = news.steps();
    for (const v1::Operation::Step& step : news.steps()) AddJob(step.job());
    operation_ = std::move(news);
  }

  void AddJob(const std::string& job) {
    if (!job.empty() && known_jobs_.insert(job).second) next_jobs_.push_back(job);
  }

  // Its jobs are on the screen one after the other, each to its end.
  void OnTick() override {
    if ((!feed_ || feed_->IsOver()) && !next_jobs_.empty()) {
      Feed(next_jobs_.front());
      next_jobs_.pop_front();
    }
    if (feed_) feed_->Tick();
  }

  void Feed(const std::string& name) {
    v1::Job job = operation_.job();
    if (job.name() != name) job.Clear();
    job.set_name(name);
    feed_ = std::make_unique<JobFeed>(connection(), progress(), std::move(job));
  }

  v1::Operation& operation_;
  Notes told_notes_;
  google::protobuf::RepeatedPtrField<v1::Operation::Step> told_steps_;  // as they were told
  std::set<std::string> known_jobs_;
  std::deque<std::string> next_jobs_;
  std::unique_ptr<JobFeed> feed_;
};

// `job`: of the operation, if it has one.
void PrintWithJob(const JobView& job, const v1::Operation& operation, OutputFormat output) {
  if (output != OutputFormat::kTable) {
    Json json = ToJson(operation);
    if (operation.has_job()) json["job"] = ToJson(job);
    return PrintDocument(json, output, "/job/tasks");
  }
  const std::string report =
      operation.has_job() ? ReportFor(job, Terminal::Of(STDOUT_FILENO)) + "\n" : "";
  Print(report + OperationText(operation));
}

ExitCode StopWaiting(const v1::Operation& operation, const std::string& why) {
  const std::string name = Printable(operation.name());
  fmt::print(stderr,
             "muster: {}; {} goes on: `muster operation watch {}` waits for it, `muster operation "
             "cancel {}` stops what has not started\n",
             why, name, name, name);
  return ExitCode::kStoppedWaiting;
}

}  // namespace

ExitCode ExitCodeOf(const v1::Operation& operation) {
  return operation.state() == v1::OPERATION_STATE_SUCCEEDED ? ExitCode::kSuccess
                                                            : ExitCode::kFailure;
}

ExitCode FollowOperation(Connection& connection, v1::Operation operation, const WaitOptions& wait,
                         OutputFormat output) {
  absl::StatusOr<WaitEnd> end = WaitEnd::kInterrupted;
  JobView job;
  {
    Progress progress(Terminal::Of(STDERR_FILENO));
    progress.Say(StartLine(operation));
    OperationWatch watch(connection, wait.wait, progress, operation);
    end = watch.Run();
    // Not when nobody has answered for minutes, and not after Ctrl-C: then nobody wants to wait.
    job = watch.TakeJob(end.ok() && !connection.interrupt().IsRaised());
  }
  PrintWithJob(job, operation, output);
  if (!end.ok()) {
    const ExitCode code = Fail(end.status());
    StopWaiting(operation, "what is known of the operation is shown");
    return code;
  }
  if (*end == WaitEnd::kTimeUp)
    return StopWaiting(operation, "stopped after --wait " + FormatDuration(*wait.wait));
  if (*end == WaitEnd::kInterrupted) return StopWaiting(operation, "interrupted");
  return ExitCodeOf(operation);
}

void PrintOperation(Connection& connection, const v1::Operation& operation, OutputFormat output) {
  JobView view{operation.job(), {}};
  if (operation.has_job())
    if (const absl::Status status = FetchTasks(connection, view); !status.ok()) Fail(status);
  PrintWithJob(view, operation, output);
}

}  // namespace muster::cli
