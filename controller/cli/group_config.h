// Where ClusterShell's groups are on this machine. Main thread.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "controller/cli/group_sources.h"

namespace muster::cli {

// Directories of ClusterShell's configuration, each stronger than those before it: /etc/clustershell, ~/.local/etc/clustershell,
// $XDG_CONFIG_HOME/clustershell or ~/.config/clustershell, and $CLUSTERSHELL_CFGDIR. They need not exist.
std::vector<std::string> GroupConfigDirs();

// Reads the groups of these directories: *.yaml in what groups.conf calls its autodir, else in the groups.d of the first and of the last one
// that exists; and the source `local` from the last one's `groups` or groups.d/local.cfg, as ClusterShell's own groups.conf does it with a
// command. Of groups.conf, which is not needed, it takes [Main] `default` and `autodir`, and the names of its sources. A file that this user
// may not read is left out, and told when something is missing. INVALID_ARGUMENT with one sentence for a file that is wrong.
absl::StatusOr<GroupSources> LoadGroupSources(const std::vector<std::string>& dirs);

}  // namespace muster::cli
