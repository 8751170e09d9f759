// Nodes that are meant by what the inventory says of them: roles, groups, partitions, states. Made for one request, asked about
// each node, then asked whether all its words meant somebody. One thread.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "controller/inventory/inventory_node.h"
#include "controller/inventory/target_spec.h"

namespace muster {

// What counts of a node. Views of what outlives it.
struct NodeFacts {
  const std::string& role;   // the inventory file's, or HSM's
  const InventoryNode& hsm;  // without a state if HSM does not know the node
};

class Selection {
 public:
  explicit Selection(const TargetSpec& targets);

  // INVALID_ARGUMENT for a state that HSM does not have, and for states that narrow nothing.
  static absl::Status Check(const TargetSpec& targets);

  // It has one of the roles, or is in one of the groups or partitions; or all nodes are meant.
  bool Takes(const NodeFacts& node);
  // It is in one of the states, if any are asked for.
  bool IsInState(const NodeFacts& node) const;
  // NOT_FOUND for a role, group or partition that no node had, with those there are. Each node was asked about.
  absl::Status CheckAllMet(const std::vector<NodeFacts>& nodes) const;

 private:
  struct Word {
    std::string text;
    bool is_met = false;
  };
  static std::vector<Word> WordsOf(const std::vector<std::string>& texts);
  static bool Meet(std::vector<Word>& words, const std::string& text);

  bool all_;
  std::vector<Word> roles_;
  std::vector<Word> groups_;
  std::vector<Word> partitions_;
  std::vector<std::string> states_;
};

}  // namespace muster
