// All nodes at a glance, a letter for each condition: what the map of the machine and the metrics are made of. Plain data with its
// bookkeeping; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controller/fleet/conditions.h"
#include "controller/inventory/node_registry.h"

namespace muster {

struct PictureRow {
  std::string xname;
  std::string alias;  // the first; empty if it has none
  std::string role;
  // For each kind from kAgentAttached on: 'T', 'F', 'U', or '-' if nothing is said.
  std::string letters;
  Verdict verdict{};
  uint64_t revision = 0;  // of its newest change
};

class FleetPicture {
 public:
  // All nodes, in natural order; those that are as they were keep their revision. `layout` changes if they are not the same nodes.
  void SetAll(std::vector<PictureRow> rows);
  // Some nodes; those that were not in the picture change its layout.
  void Set(std::vector<PictureRow> rows);

  const std::vector<PictureRow>& rows() const { return rows_; }
  // Nothing: it is not in the picture.
  std::optional<size_t> NumberOf(const std::string& xname) const;
  // Of the newest change; grows.
  uint64_t revision() const { return revision_; }
  // Numbers of rows mean the same while this is the same.
  uint64_t layout() const { return layout_; }

 private:
  bool TrySet(PictureRow& row);
  void Number();

  std::vector<PictureRow> rows_;
  std::unordered_map<std::string, size_t> numbers_;
  uint64_t revision_ = 0;
  uint64_t layout_ = 0;
};

PictureRow RowOf(const NodeInfo& node, const std::vector<Condition>& conditions);
// What a letter stands for; kUnspecified for '-'.
Truth TruthOf(char letter);

}  // namespace muster
