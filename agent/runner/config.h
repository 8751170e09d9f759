// The agent's settings: options from the command line, and a TOML file that only root may write. Every key is told here; a wrong one
// is an error.
//
//   aliases = ["nid000001"]        other names of this node; default: its host name
//
//   [policy]
//   units = ["cray-orca.service"]  units that may be restarted; default: cray-orca.service, cray-dvs-orca.service
//
//   [watch]
//   units = ["slurmd.service"]     units whose state is told beside that of ORCA and of spire-agent.service; default: none
//
//   [content]                      what counts as projected content, and how it is mounted again; default: CPS by DVS
//   types = ["dvs"]                types of projected file systems
//   sources = ["/var/lib/cps-local/"]   where their sources begin; 32 hexadecimal digits follow
//   loop_types = ["squashfs", "erofs"]  file systems in files of theirs
//   mount_helper = ["/bin/mount", "-t", "{fstype}", "-o", "{options}", "{source}", "{target}"]
//   dropped_options = ["statsfile", "nodefile", "nnodes"]   shown by the file system, and not taken by the helper
//   before_unmount = [["/bin/bash", "/etc/cray-pe.d/pe_cleanup.sh"]]   programs to be run first; default: none
//   after_remount = []             and last
//   hook_seconds = 60              for each of them
//
//   [identity]
//   agent = "spiffe://…/<name>"       this node's name in its own certificate
//   controller = "spiffe://…/<name>"  what a controller's certificate must have
#pragma once

#include <set>
#include <string>
#include <vector>

#include "agent/mount/content_profile.h"
#include "agent/runner/usual_units.h"
#include "common/identity.h"
#include "common/limits.h"
#include "common/status.h"

namespace muster {

// Beside the three that are always watched.
inline constexpr size_t kMaxWatchedUnits = limits::kMaxStatusUnits - 3;

struct AgentConfig {
  std::string tls_dir;
  std::string state_dir;
  std::vector<std::string> aliases;
  std::set<std::string> policy_units = {"cray-orca.service", "cray-dvs-orca.service"};
  std::vector<std::string> watched_units = UsualUnits();
  IdentityPatterns patterns;
  ContentProfile content = {};
};

// Adds what the file says. INVALID_ARGUMENT with file, line and what is wrong; FAILED_PRECONDITION if somebody other than
// root (or the user who runs the agent) could change it.
absl::Status ReadAgentConfig(const std::string& path, AgentConfig* config);

}  // namespace muster
