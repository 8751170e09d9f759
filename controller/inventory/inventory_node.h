// A node as an inventory knows it: the inventory file, or HSM. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster {

struct InventoryNode {
  std::string xname;
  std::vector<std::string> aliases = {};
  std::string role = {};  // as HSM spells it: Compute, Application, Management …
  // The rest is HSM's alone.
  std::string sub_role = {};  // Worker, Storage, Master, UAN …
  std::optional<uint64_t> nid = std::nullopt;
  std::string state = {};  // Ready, Standby, Off …
  bool is_enabled = true;
  bool is_locked = false;
  std::vector<std::string> groups = {};
  std::string partition = {};
  bool operator==(const InventoryNode&) const = default;
};

}  // namespace muster
