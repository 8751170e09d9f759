// The agent's settings: options from the command line, and a TOML file that only root may write. Every key is told here; a wrong one
// is an error.
//
//   aliases = ["nid000001"]        other names of this node; default: its host name
//
//   [policy]
//   units = ["cray-orca.service"]  units that may be restarted; default: cray-orca.service, cray-dvs-orca.service
//
//   [identity]
//   agent = "spiffe://…/<name>"       this node's name in its own certificate
//   controller = "spiffe://…/<name>"  what a controller's certificate must have
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/identity.h"
#include "common/status.h"

namespace muster {

struct AgentConfig {
  std::string tls_dir;
  std::string state_dir;
  std::vector<std::string> aliases;
  std::set<std::string> policy_units = {"cray-orca.service", "cray-dvs-orca.service"};
  IdentityPatterns patterns;
};

// Adds what the file says. INVALID_ARGUMENT with file, line and what is wrong; FAILED_PRECONDITION if somebody other than
// root (or the user who runs the agent) could change it.
absl::Status ReadAgentConfig(const std::string& path, AgentConfig* config);

}  // namespace muster
