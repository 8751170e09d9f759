// Makes a job of what an operator typed, and stays with it. Shared by the verbs that are work on nodes. Main thread.
#pragma once

#include <string>

#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace muster::cli {

ExitCode SubmitJob(const v1::Work& work, const JobOptions& options, const GlobalOptions& global);

// The same on a connection that is open, for targets that are known.
ExitCode SubmitJob(Connection& connection, const v1::Work& work, const v1::Targets& targets,
                   const JobOptions& options, const GlobalOptions& global);

}  // namespace muster::cli
