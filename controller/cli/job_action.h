// What the verbs that act on one job share: find it, call, say what it is now. Main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "controller/cli/connection.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace muster::cli {

// Adds the argument ID. The string outlives the parse with the verb's callback.
std::shared_ptr<std::string> AddJobId(CLI::App& verb);

// Exit code 0 once what `call` asked for is on the controller's disk; `hint` follows the job's state.
using JobCall = std::function<absl::Status(Connection&, const std::string& name, v1::Job& job)>;
ExitCode ActOnJob(const std::string& id, const GlobalOptions& global, const JobCall& call,
                  const char* hint);

}  // namespace muster::cli
