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

// Likewise an operation. `what` is the verb, for errors.
ExitCode SubmitOperation(Connection& connection, const char* what,
                         const v1::CreateOperationRequest& request, const JobOptions& options,
                         OutputFormat output);

// What is said of a call that makes something, and of which it is not known whether it worked. `what`: "job".
ExitCode FailToCreate(const Connection& connection, const absl::Status& status,
                      const std::string& request_id, const char* what);

// Shows the answer to validate_only: nothing was made.
ExitCode ShowPlan(const v1::Job& job, OutputFormat output);

}  // namespace muster::cli
