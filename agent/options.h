// The command line of muster-agent, and the file that it names. Used by main, at start and again at SIGHUP; its thread only.
#pragma once

#include <vector>

#include "agent/runner/config.h"
#include "common/host_port.h"
#include "common/status.h"

namespace muster {

struct AgentOptions {
  AgentConfig config;
  std::vector<HostPort> controllers;  // of config, at least one
  bool debug = false;
  bool is_check = false;  // --check-config
};

// What is typed goes before what the file says. INVALID_ARGUMENT with the usage, and errors of ReadAgentConfig. Ends the program itself for
// --help, --version and --print-config.
absl::StatusOr<AgentOptions> ReadOptions(int argc, char** argv);

}  // namespace muster
