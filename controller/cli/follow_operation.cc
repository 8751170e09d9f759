#include "controller/cli/follow_operation.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "controller/cli/document.h"
#include "controller/cli/duration.h"
#include "controller/cli/follow.h"
#include "controller/cli/operation_text.h"
#include "controller/cli/printable.h"
#include "controller/cli/screen_report.h"
#include "controller/cli/times.h"
#include "controller/cli/wait.h"
#include "controller/cli/watch_loop.h"

namespace muster::cli {
namespace {

class OperationWatch final : public WatchLoop {
 public:
  OperationWatch(Connection& connection, std::optional<Duration> wait, Progress& progress,
                 v1::Operation& operation)
      : WatchLoop(connection, wait, progress, operation.name()), operation_(operation) {}

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

  absl::Status Cancel() override {
    v1::CancelOperationRequest request;
    request.set_name(name());
    v1::Operation news;
    const absl::Status status = connection().Call(&v1::Controller::Stub::CancelOperation,
                                                  "cancel " + name(), request, news);
    if (status.ok()) Apply(std::move(news));
    return status;
  }

  bool IsComplete() const override { return IsEnded(operation_.state()); }
  bool HasEnded() const override { return IsComplete(); }

  // Says what is new: of each step its detail while it waits, and its end; and every note.
  void Apply(v1::Operation news) {
    for (const v1::Operation::Note& note : news.notes()) {
      const auto at = std::pair(note.time().seconds(), note.time().nanos());
      if (at <= told_until_) continue;
      told_until_ = at;
      progress().Say(Printable(note.text()));
    }
    for (int i = 0; i < news.steps_size(); ++i) {
      const v1::Operation::Step& step = news.steps(i);
      const bool is_known = i < operation_.steps_size() &&
                            operation_.steps(i).state() == step.state() &&
                            operation_.steps(i).detail() == step.detail();
      const bool is_worth_telling =
          IsEnded(step.state())
              ? step.state() != v1::OPERATION_STATE_CANCELLED
              : step.state() == v1::OPERATION_STATE_RUNNING && !step.detail().empty();
      if (!is_known && is_worth_telling) progress().Say(StepLine(step));
    }
    operation_ = std::move(news);
    if (operation_.has_job() && !IsEnded(operation_.job().state()))
      progress().Show(LiveModelOf(operation_.job()), ProgressLine(operation_));
  }

  v1::Operation& operation_;
  std::pair<int64_t, int32_t> told_until_{};
};

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
  {
    Progress progress(Terminal::Of(STDERR_FILENO));
    progress.Say(StartLine(operation));
    end = OperationWatch(connection, wait.wait, progress, operation).Run();
  }
  PrintOperation(connection, operation, output);
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
  // Not after Ctrl-C: then nobody wants to wait.
  if (operation.has_job() && !connection.interrupt().IsRaised()) {
    if (const absl::Status status = FetchTasks(connection, view); !status.ok()) Fail(status);
  }
  if (output != OutputFormat::kTable) {
    Json json = ToJson(operation);
    if (operation.has_job()) json["job"] = ToJson(view);
    return PrintDocument(json, output, "/job/tasks");
  }
  const std::string report =
      operation.has_job() ? ReportFor(view, Terminal::Of(STDOUT_FILENO)) + "\n" : "";
  Print(report + OperationText(operation));
}

}  // namespace muster::cli
