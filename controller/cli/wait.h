// Waits for a job: follows its changes until it has ended, the operator's time is up or Ctrl-C. Main thread.
//
// A watch that breaks goes on from the last revision it has seen, so that a restart of the controller costs nothing but a line.
#pragma once

#include <optional>

#include "common/status.h"
#include "common/time.h"
#include "controller/cli/connection.h"
#include "controller/cli/job_view.h"
#include "controller/cli/progress.h"
#include "controller/cli/watch_loop.h"

namespace muster::cli {

// Brings `view` up to date while it waits. An error only when the controller says the job cannot be watched, or cannot be
// reached for ConnectionOptions::reconnect_timeout; `view` then holds what is known.
absl::StatusOr<WaitEnd> WaitForJob(Connection& connection, std::optional<Duration> wait,
                                   Progress& progress, JobView& view);

// All tasks of view.job as they are now.
absl::Status FetchTasks(Connection& connection, JobView& view);

}  // namespace muster::cli
