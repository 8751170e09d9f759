// The verbs of `muster`, one file each. Each adds itself to the command line; when it was typed, its callback does the work and
// leaves the exit code in `exit_code`. Main thread; `global` and `exit_code` outlive the parse.
#pragma once

#include <CLI/CLI.hpp>

#include "controller/cli/options.h"

namespace muster::cli {

void AddResubscribe(CLI::App& app, const GlobalOptions& global, int& exit_code);
void AddRestart(CLI::App& app, const GlobalOptions& global, int& exit_code);

void AddJobList(CLI::App& job, const GlobalOptions& global, int& exit_code);
void AddJobShow(CLI::App& job, const GlobalOptions& global, int& exit_code);
void AddJobWatch(CLI::App& job, const GlobalOptions& global, int& exit_code);
void AddJobCancel(CLI::App& job, const GlobalOptions& global, int& exit_code);
void AddJobPause(CLI::App& job, const GlobalOptions& global, int& exit_code);
void AddJobResume(CLI::App& job, const GlobalOptions& global, int& exit_code);
void AddJobRetry(CLI::App& job, const GlobalOptions& global, int& exit_code);
void AddJobDelete(CLI::App& job, const GlobalOptions& global, int& exit_code);

void AddNodeList(CLI::App& node, const GlobalOptions& global, int& exit_code);
void AddNodeShow(CLI::App& node, const GlobalOptions& global, int& exit_code);

void AddOperationVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code);
void AddSubscriptionVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code);

void AddContentVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code);

void AddHealth(CLI::App& app, const GlobalOptions& global, int& exit_code);
void AddBackup(CLI::App& app, const GlobalOptions& global, int& exit_code);
void AddNodeSetVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code);
void AddStatus(CLI::App& app, const GlobalOptions& global, int& exit_code);

}  // namespace muster::cli
