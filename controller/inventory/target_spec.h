// Which nodes an operator means, and which those are. Plain data; see Targets in controller.proto.
#pragma once

#include <string>
#include <vector>

namespace muster {

// Nodes that are named (node_sets), and nodes that are selected by what is known of them (all, roles, groups, partitions). Both add
// up; `states` narrows those that are selected, `exclude` takes away from all.
struct TargetSpec {
  std::vector<std::string> node_sets = {};
  bool all = false;
  // A node's role or sub role, in any case; likewise the others.
  std::vector<std::string> roles = {};
  std::vector<std::string> exclude = {};
  // HSM's: Ready, Standby …; none: whatever it is, even unknown.
  std::vector<std::string> states = {};
  std::vector<std::string> groups = {};
  std::vector<std::string> partitions = {};
  // Nodes that are disabled in HSM are left out when they are selected, and an error when they are named, unless this is set.
  bool include_disabled = false;

  bool IsSelecting() const {
    return all || !roles.empty() || !groups.empty() || !partitions.empty();
  }
};

// Xnames in natural order, each once.
struct Resolved {
  std::vector<std::string> xnames;
  // Selected, and left out because they are disabled.
  std::vector<std::string> disabled;
};

}  // namespace muster
