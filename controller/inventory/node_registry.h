// Every node the controller knows: those of the inventory, and every one that ever attached. Resolves what operators type, and
// keeps what agents last said, in memory. Any thread; one mutex, held for look-ups only.
//
// Names. A node is meant by its xname, or by one of its aliases, in any case; an alias answers with "-nmn" at its end and
// without, whichever way it was given. The inventory is the authority: aliases from Hello count only for a node to which
// the inventory gives none, and never take a name away that the inventory gives to a node.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/messages.h"
#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/inventory/node_set.h"

namespace muster {

// Nodes that are not in the inventory: twenty times the largest system. Those beyond are not kept, and a warning says so; they hold
// valid certificates, so something is badly wrong.
inline constexpr size_t kMaxSeenNodes = 200'000;
// Aliases of one Hello that count. A node has a handful: host name, NID, each with a network's suffix.
inline constexpr size_t kMaxHelloAliases = 16;

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
  std::vector<std::string> node_sets = {};
  bool all = false;
  std::vector<std::string> roles = {};
  std::vector<std::string> exclude = {};
};

struct NodeInfo {
  std::string xname;
  std::vector<std::string> aliases;
  bool aliases_from_inventory = false;  // else from Hello
  std::string role;
  bool in_inventory = false;
  Presence presence = Presence::kNeverSeen;
  bool in_conflict = false;  // an attached node's presence is then told as CONFLICT
  std::optional<Time>
      presence_since;  // nothing if it was last seen in an earlier life of the controller
  std::string address;
  Hello hello;  // the last one; empty if never seen
  std::optional<Time> status_time;
};

class NodeRegistry {
 public:
  explicit NodeRegistry(const std::vector<InventoryNode>& inventory);

  // A node that attached in an earlier life of the controller. It is away until it attaches.
  void AddSeen(const std::string& node, const std::vector<std::string>& aliases);

  void OnAttached(const Hello& hello, const std::string& address, Time now);
  // These do nothing for a node that is not known.
  void OnAway(const std::string& node, Time now);
  void OnConflict(const std::string& node, bool begins);

  // The xnames that are meant, in natural order. INVALID_ARGUMENT for a set that cannot be parsed, an alias that two nodes
  // claim, and a spec that names nothing; NOT_FOUND for names that nobody knows (folded), a role that no node has, and an empty result.
  absl::StatusOr<std::vector<std::string>> Resolve(const TargetSpec& targets) const;

  // By xname or alias. NOT_FOUND, or INVALID_ARGUMENT for an alias that two nodes claim.
  absl::StatusOr<NodeInfo> Find(const std::string& name) const;
  // In the order asked for; names that are not known xnames are left out.
  std::vector<NodeInfo> List(const std::vector<std::string>& xnames) const;
  // In natural order.
  std::vector<std::string> All() const;
  size_t attached_count() const;

 private:
  // Who goes by an alias. More than one: an error when it is used.
  using Claims = std::unordered_map<std::string, std::vector<std::string>>;

  struct Answer {
    std::vector<std::string> xnames;
    std::vector<std::string> unknown;
  };

  static NodeInfo Told(NodeInfo node);
  NodeInfo* FindOrAdd(const std::string& xname) MUSTER_REQUIRES(mutex_);
  void LearnAliases(NodeInfo& node, const std::vector<std::string>& aliases)
      MUSTER_REQUIRES(mutex_);
  void SetPresence(NodeInfo& node, Presence presence, std::optional<Time> since)
      MUSTER_REQUIRES(mutex_);
  const std::vector<std::string>* ClaimsOf(const std::string& alias) const MUSTER_REQUIRES(mutex_);
  absl::StatusOr<std::string> XnameOf(const std::string& name) const MUSTER_REQUIRES(mutex_);

  absl::StatusOr<std::vector<std::string>> ResolveSets(const std::vector<std::string>& sets) const;
  absl::StatusOr<Answer> LookUp(const std::vector<std::string>& names) const;
  absl::Status AddRole(const std::string& role, std::vector<std::string>& xnames) const;

  mutable Mutex mutex_;
  std::map<std::string, NodeInfo, NaturalOrder> nodes_ MUSTER_GUARDED_BY(mutex_);  // by xname
  Claims inventory_claims_ MUSTER_GUARDED_BY(mutex_);
  Claims learned_claims_ MUSTER_GUARDED_BY(mutex_);
  size_t seen_only_ MUSTER_GUARDED_BY(mutex_) = 0;  // nodes that are not in the inventory
  size_t attached_ MUSTER_GUARDED_BY(mutex_) = 0;
};

}  // namespace muster
