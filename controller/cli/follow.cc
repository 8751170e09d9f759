#include "controller/cli/follow.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "controller/cli/document.h"
#include "controller/cli/duration.h"
#include "controller/cli/names.h"
#include "controller/cli/printable.h"
#include "controller/cli/progress.h"
#include "controller/cli/report.h"
#include "controller/cli/screen_report.h"
#include "controller/cli/wait.h"

namespace muster::cli {
namespace {

ExitCode StopWaiting(const JobView& view, const std::string& why) {
  const std::string name = Printable(view.job.name());
  fmt::print(stderr,
             "muster: {}; {} goes on: `muster job watch {}` waits for it, `muster job cancel {}` "
             "stops what has not started\n",
             why, name, name, name);
  return ExitCode::kStoppedWaiting;
}

// A last look for tasks that the watch did not bring. Not after Ctrl-C: then nobody wants to wait.
void FetchMissing(Connection& connection, JobView& view) {
  if (view.tasks.size() == view.job.task_count() || connection.interrupt().IsRaised()) return;
  if (const absl::Status status = FetchTasks(connection, view); !status.ok()) Fail(status);
}

ExitCode Conclude(const absl::StatusOr<WaitEnd>& end, const WaitOptions& wait,
                  const JobView& view) {
  if (!end.ok()) {
    const ExitCode code = Fail(end.status());
    StopWaiting(view, "what is known of the job is shown");
    return code;
  }
  switch (*end) {
    case WaitEnd::kTimeUp:
      return StopWaiting(view, "stopped after --wait " + FormatDuration(*wait.wait));
    case WaitEnd::kInterrupted:
      return StopWaiting(view, "interrupted");
    case WaitEnd::kJobEnded:
      break;
  }
  // What is not known is not success.
  return view.IsComplete() ? ExitCodeOf(view.Counts()) : ExitCode::kFailure;
}

}  // namespace

ExitCode FollowJob(Connection& connection, v1::Job job, const WaitOptions& wait,
                   OutputFormat output) {
  JobView view{std::move(job), {}};
  // The watch brings what changes from here on; who is waited for has to be known from the start.
  if (const absl::Status status = FetchTasks(connection, view); !status.ok()) Fail(status);
  absl::StatusOr<WaitEnd> end = WaitEnd::kInterrupted;
  {
    Progress progress(Terminal::Of(STDERR_FILENO));
    progress.Say(StartLine(view));
    end = WaitForJob(connection, wait.wait, progress, view);
  }
  if (end.ok()) FetchMissing(connection, view);
  PrintJob(view, output);
  return Conclude(end, wait, view);
}

void PrintJob(const JobView& view, OutputFormat output) {
  if (output == OutputFormat::kTable) return Print(ReportFor(view, Terminal::Of(STDOUT_FILENO)));
  PrintDocument(ToJson(view), output, "/tasks");
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace muster::cli
