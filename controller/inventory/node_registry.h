// Every node the controller knows: those of the inventory, and every one that ever attached. Resolves what operators type, and
// keeps what agents last said, in memory. Any thread; one mutex, held for look-ups only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/messages.h"
#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"

namespace muster {

// Numbers as in proto/muster/v1/controller.proto.
enum class Presence : int { kNeverSeen = 1, kAttached = 2, kAway = 3, kConflict = 4 };

// A node of the inventory.
struct InventoryNode {
  std::string xname;
  std::vector<std::string> aliases;
  std::string role;
};

// Which nodes an operator means; see Targets in controller.proto.
struct TargetSpec {
  std::vector<std::string> node_sets;
  bool all = false;
  std::vector<std::string> roles;
  std::vector<std::string> exclude;
};

struct NodeInfo {
  std::string xname;
  std::vector<std::string> aliases;
  std::string role;
  bool in_inventory = false;
  Presence presence = Presence::kNeverSeen;
  std::optional<Time> presence_since;
  std::string address;
  Hello hello;  // the last one; empty if never seen
  std::optional<Time> status_time;
};

class NodeRegistry {
 public:
  explicit NodeRegistry(std::vector<InventoryNode> inventory);

  // Nodes that attached in an earlier life of the controller.
  void AddSeen(const std::string& node, const std::vector<std::string>& aliases);

  void OnAttached(const Hello& hello, const std::string& address, Time now);
  void OnAway(const std::string& node, Time now);
  void OnConflict(const std::string& node, Time now);

  // The xnames that are meant, in natural order. INVALID_ARGUMENT for a set that cannot be parsed or an alias that two nodes
  // claim; NOT_FOUND for names that nobody knows (folded), and for an empty result.
  absl::StatusOr<std::vector<std::string>> Resolve(const TargetSpec& targets) const;

  // By xname or alias.
  absl::StatusOr<NodeInfo> Find(const std::string& name) const;
  // In natural order.
  std::vector<NodeInfo> List(const std::vector<std::string>& xnames) const;
  std::vector<std::string> All() const;
  size_t attached_count() const;

 private:
  struct Index;
  mutable Mutex mutex_;
  std::unique_ptr<Index> index_ MUSTER_GUARDED_BY(mutex_);

 public:
  ~NodeRegistry();
};

// Reads an inventory file (TOML):
//
//   [[node]]
//   xname = "x1000c0s0b0n0"
//   aliases = ["nid000001", "nid000001-nmn"]
//   role = "Compute"
//
// INVALID_ARGUMENT with file, line and what is wrong: unknown keys, a missing or repeated xname, an alias of two nodes.
absl::StatusOr<std::vector<InventoryNode>> ReadInventoryFile(const std::string& path);

}  // namespace muster
