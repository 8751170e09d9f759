// Makes a job of what an operator typed, and stays with it. Shared by the verbs that are work on nodes. Main thread.
#pragma once

#include <string>

#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace muster::cli {

ExitCode SubmitJob(const v1::Work& work, const JobOptions& options, const GlobalOptions& global);

// A random UUID (version 4, RFC 4122) that makes a request the same request when it is repeated.
std::string MakeRequestId();

}  // namespace muster::cli
