// What one source, the inventory file or HSM, says of all nodes. Made once and never changed, so that a newer one takes its
// place by a swap; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "controller/inventory/claims.h"
#include "controller/inventory/inventory_node.h"

namespace muster {

class InventoryPicture {
 public:
  InventoryPicture() = default;
  // `nodes` are as Prepared gives them.
  explicit InventoryPicture(std::vector<InventoryNode> nodes);

  // In natural order, each xname once (the first one counts), names in lower case.
  static std::vector<InventoryNode> Prepared(std::vector<InventoryNode> nodes);

  // By xname, in lower case.
  const InventoryNode* Find(const std::string& xname) const;
  bool HasAliases(const std::string& xname) const;
  const Claims& claims() const { return claims_; }
  const std::vector<InventoryNode>& nodes() const { return nodes_; }
  // In the order of nodes().
  const std::vector<std::string>& xnames() const { return xnames_; }

 private:
  std::vector<InventoryNode> nodes_;
  std::vector<std::string> xnames_;
  std::unordered_map<std::string, size_t> at_;  // index in nodes_
  Claims claims_;
};

}  // namespace muster
