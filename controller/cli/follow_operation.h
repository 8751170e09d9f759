// Stays with an operation as FollowJob stays with a job. Main thread.
#pragma once

#include "controller/cli/connection.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"
#include "muster/v1/operation.pb.h"

namespace muster::cli {

// Tells each step as it ends, and what happens beside them, waits, prints the report.
ExitCode FollowOperation(Connection& connection, v1::Operation operation, const WaitOptions& wait,
                         OutputFormat output);

// As it is in `operation`, with the tasks of its job, which are fetched.
void PrintOperation(Connection& connection, const v1::Operation& operation, OutputFormat output);

// Of one that has ended.
ExitCode ExitCodeOf(const v1::Operation& operation);

}  // namespace muster::cli
