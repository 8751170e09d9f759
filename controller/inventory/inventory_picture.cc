#include "controller/inventory/inventory_picture.h"

#include <algorithm>
#include <utility>

#include "common/ascii.h"
#include "controller/nodeset/node_name.h"

namespace muster {
namespace {

bool IsBefore(const InventoryNode& a, const InventoryNode& b) {
  return NaturalLess(a.xname, b.xname);
}

bool IsSameNode(const InventoryNode& a, const InventoryNode& b) { return a.xname == b.xname; }

}  // namespace

InventoryPicture::InventoryPicture(std::vector<InventoryNode> nodes) : nodes_(std::move(nodes)) {
  xnames_.reserve(nodes_.size());
  at_.reserve(nodes_.size());
  for (const InventoryNode& node : nodes_) {
    at_.emplace(node.xname, xnames_.size());
    xnames_.push_back(node.xname);
    for (const std::string& alias : node.aliases) claims_.Add(alias, node.xname);
  }
}

std::vector<InventoryNode> InventoryPicture::Prepared(std::vector<InventoryNode> nodes) {
  for (InventoryNode& node : nodes) {
    node.xname = LowerCase(std::move(node.xname));
    for (std::string& alias : node.aliases) alias = LowerCase(std::move(alias));
  }
  if (!std::is_sorted(nodes.begin(), nodes.end(), IsBefore))
    std::stable_sort(nodes.begin(), nodes.end(), IsBefore);
  nodes.erase(std::unique(nodes.begin(), nodes.end(), IsSameNode), nodes.end());
  return nodes;
}

const InventoryNode* InventoryPicture::Find(const std::string& xname) const {
  const auto found = at_.find(xname);
  return found == at_.end() ? nullptr : &nodes_[found->second];
}

bool InventoryPicture::HasAliases(const std::string& xname) const {
  const InventoryNode* node = Find(xname);
  return node != nullptr && !node->aliases.empty();
}

}  // namespace muster
