// What the agent is told: by its command line, and by a TOML file that only root may write, which the command line overrides. The keys of the
// file are declared in config.cc; a wrong one is an error.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/mount/content_profile.h"
#include "agent/runner/usual_units.h"
#include "common/identity.h"
#include "common/limits.h"
#include "common/settings.h"
#include "common/status.h"

namespace muster {

// Beside the three that are always watched.
inline constexpr size_t kMaxWatchedUnits = limits::kMaxStatusUnits - 3;

struct AgentConfig {
  std::vector<std::string> controllers;  // HOST:PORT, in the order in which they are tried
  std::string tls_dir = "/etc/muster/agent";
  std::string state_dir = "/run/muster-agent";
  std::vector<std::string> aliases;
  std::set<std::string> policy_units = {"cray-orca.service", "cray-dvs-orca.service"};
  std::vector<std::string> watched_units = UsualUnits();
  IdentityPatterns patterns;
  ContentProfile content = {};
  Duration hook_deadline = ContentHook().deadline;  // of each hook of the content
  std::map<std::string, std::string> given;         // by the file: Settings::given
};

// The keys of the file. `config`, whose values are the defaults, is lent to the result.
Settings AgentSettings(AgentConfig* config);

// Adds what the file says. INVALID_ARGUMENT with file, line and what is wrong; FAILED_PRECONDITION if somebody other than
// root (or the user who runs the agent) could change it.
absl::Status ReadAgentConfig(const std::string& path, AgentConfig* config);

}  // namespace muster
