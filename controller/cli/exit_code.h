// The exit codes of `muster`: an interface that scripts rely on. One table for every verb; pure, any thread.
//
//   0  every task succeeded, was satisfied or not applicable, and at least one succeeded or was satisfied; or the verb, which
//      waits for no task (--detach, --dry-run, list, show of what still runs, cancel, pause …), did what it was asked
//   1  a job ended otherwise, or the controller could not do what was asked
//   2  bad usage, unknown target or job: it can never work as it was typed
//   3  the controller could not be reached, or the certificate is not an operator's
//   4  the CLI stopped waiting (--wait, Ctrl-C) and the job goes on
#pragma once

#include "common/status.h"
#include "controller/cli/job_view.h"

namespace muster::cli {

enum class ExitCode : int {
  kSuccess = 0,
  kFailure = 1,
  kUsage = 2,
  kUnreachable = 3,
  kStoppedWaiting = 4,
};

// Of a job that has ended with these tasks.
ExitCode ExitCodeOf(const TaskCounts& counts);

// Of a call that did not work.
ExitCode ExitCodeOf(const absl::Status& status);

// Prints "muster: <sentence>" to standard error and gives the status's exit code.
ExitCode Fail(const absl::Status& status);

}  // namespace muster::cli
