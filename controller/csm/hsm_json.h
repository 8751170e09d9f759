// What HSM and SLS answer, as plain data. Names come in lower case, other values as they were written. A null list is an empty one. INTERNAL
// with one sentence for an answer that is not theirs. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/csm/node_source.h"

namespace muster {

// GET State/Components?type=Node, in the order of the answer; aliases, groups and partitions are elsewhere. A component without a good name is an
// error: better no new inventory than one that lacks a node.
absl::StatusOr<std::vector<InventoryNode>> ParseComponents(const std::string& body);

struct Membership {
  std::vector<std::string> groups;
  std::string partition;
};
using Memberships = std::map<std::string, Membership>;  // by xname

// GET memberships.
absl::StatusOr<Memberships> ParseMemberships(const std::string& body);

// GET Subscriptions/SCN.
absl::StatusOr<std::vector<ScnSubscription>> ParseScnSubscriptions(const std::string& body);

// What SLS calls a node.
struct SlsNode {
  std::vector<std::string> aliases;
  std::optional<uint64_t> nid;
};
using SlsNodes = std::map<std::string, SlsNode>;  // by xname

// GET search/hardware?type=comptype_node. Aliases that are no node's name are left out: people type them.
absl::StatusOr<SlsNodes> ParseSlsNodes(const std::string& body);

}  // namespace muster
