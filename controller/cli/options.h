// What is typed beside a verb and its targets. Parsed by CLI11 into these plain structs. Main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "common/time.h"
#include "controller/cli/connection.h"
#include "controller/cli/output_format.h"
#include "controller/cli/targets.h"
#include "muster/v1/controller.pb.h"

namespace muster::cli {

struct GlobalOptions {
  ConnectionOptions connection;
  OutputFormat output = OutputFormat::kTable;
  bool no_pager = false;
};

// How long the CLI stays with a job.
struct WaitOptions {
  std::optional<Duration> wait;  // --wait; absent: until the job has ended
  bool detach = false;
};

// Of the verbs that make a job.
struct JobOptions {
  TargetOptions targets;
  WaitOptions wait;
  v1::Policy policy;               // what was typed of it
  std::optional<Duration> settle;  // absent: the controller's default
  bool dry_run = false;
  std::string request_id;  // empty: a new one
};

// All structs must outlive the parse.
void AddGlobalOptions(CLI::App& app, GlobalOptions& options);
void AddWaitOption(CLI::App& verb, WaitOptions& options);
// But for the targets, and for the settle time of work that restarts something.
void AddJobOptions(CLI::App& verb, JobOptions& options);
void AddSettleOption(CLI::App& verb, JobOptions& options);

}  // namespace muster::cli
