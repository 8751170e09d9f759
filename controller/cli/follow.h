// What every verb does that stays with a job: wait, report on standard output, and answer with the exit code. Main thread.
#pragma once

#include "controller/cli/connection.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/job_view.h"
#include "controller/cli/options.h"

namespace muster::cli {

// Says on standard error what is waited for, waits, prints the report.
ExitCode FollowJob(Connection& connection, v1::Job job, const WaitOptions& wait,
                   OutputFormat output);

// Prints the job as it is in `view`, as a report or as JSON.
void PrintJob(const JobView& view, OutputFormat output);

// Writes to standard output, and flushes: what a script reads must be there when the exit code is.
void Print(const std::string& text);

}  // namespace muster::cli
