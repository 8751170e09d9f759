// Which nodes there are, as HSM tells it: a seam. Calls block. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/inventory/inventory_node.h"

namespace muster {

// Who asked HSM for notifications.
struct ScnSubscription {
  std::string subscriber;  // such as "hmnfd@cray-hmnfd-0"
  std::string url;         // lower case
  bool operator==(const ScnSubscription&) const = default;
};

// HMNFD's own. Without one it hears of no change, and its subscribers of none, whatever HMNFD says of itself.
bool IsOfHmnfd(const ScnSubscription& subscription);

class NodeSource {
 public:
  virtual ~NodeSource() = default;

  // Every node of the system, by xname; names in lower case. Errors are ServiceClient's, and INTERNAL for an answer that is not HSM's.
  virtual absl::StatusOr<std::vector<InventoryNode>> Nodes() = 0;

  virtual absl::StatusOr<std::vector<ScnSubscription>> ScnSubscriptions() = 0;
};

}  // namespace muster
