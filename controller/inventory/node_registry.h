// Every node the controller knows: those of the inventory file, those of HSM, and every one that ever attached. Resolves what
// operators type, and keeps what agents last said, in memory. Any thread; one mutex, held for look-ups only.
//
// What is told of a node is put together when somebody asks. What the file says, and what HSM says, is one picture of all nodes,
// which the next one replaces as a whole: a node that is gone from both is known only if it attached.
//
// Names. A node is meant by its xname, or by one of its aliases, in any case; an alias answers with "-nmn" at its end and
// without, whichever way it was given. A node's aliases are the file's if it has any, else HSM's, else those of its Hello; and an alias
// means whom the file says, else whom HSM says, else who claims it in a Hello. A compute node to which neither file nor
// HSM gives an alias has that of its NID, nid000001, as if HSM gave it. The file's role goes before HSM's, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/messages.h"
#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/inventory/claims.h"
#include "controller/inventory/inventory_node.h"
#include "controller/inventory/inventory_picture.h"
#include "controller/inventory/selection.h"
#include "controller/inventory/target_spec.h"
#include "controller/nodeset/node_name.h"
#include "controller/nodeset/node_set_expression.h"

namespace muster {

// Nodes that attached and are not in the inventory file: twenty times the largest system. Those beyond are not kept, and a warning says so; they hold
// valid certificates, so something is badly wrong.
inline constexpr size_t kMaxSeenNodes = 200'000;
// Aliases of one Hello that count. A node has a handful: host name, NID, each with a network's suffix.
inline constexpr size_t kMaxHelloAliases = 16;

// Numbers as in proto/muster/v1/controller.proto.
enum class Presence : int { kNeverSeen = 1, kAttached = 2, kAway = 3, kConflict = 4 };

struct NodeInfo {
  std::string xname;
  std::vector<std::string> aliases;
  bool aliases_from_inventory = false;  // the file or HSM; else from Hello
  std::string role;
  bool in_inventory = false;  // the file
  bool in_hsm = false;        // the next seven are nothing without it
  std::string sub_role;
  std::optional<uint64_t> nid;
  std::string state;
  bool is_enabled = true;
  bool is_locked = false;
  std::vector<std::string> groups;
  std::string partition;
  Presence presence = Presence::kNeverSeen;
  bool in_conflict = false;  // an attached node's presence is then told as CONFLICT
  std::optional<Time>
      presence_since;  // nothing if it was last seen in an earlier life of the controller
  std::string address;
  Hello hello;  // the last one; empty if never seen
  std::optional<Time> status_time;
  // What is mounted was told then.
  std::optional<Time> mounted_time;
  bool had_content = false;             // since it has booted, as far as the controller has heard
  std::optional<Duration> clock_ahead;  // of ours, when it attached
  std::string job_invocation;  // of the unit that a job of ours restarted last; may be empty
};

class NodeRegistry {
 public:
  // `inventory` is the file's.
  explicit NodeRegistry(const std::vector<InventoryNode>& inventory);

  // All that HSM says now, in place of what it said before. Names that cannot be one are left out, with a warning. What takes time
  // is done outside of the mutex, and nothing if all is as it was.
  void SetHsm(const std::vector<InventoryNode>& nodes, Time now);
  // All that the file says now, likewise.
  void SetFile(const std::vector<InventoryNode>& inventory);
  // Of the last SetHsm.
  std::optional<Time> hsm_time() const;

  // A node that attached in an earlier life of the controller. It is away until it attaches.
  void AddSeen(const std::string& node, const std::vector<std::string>& aliases);

  // Of one that AddSeen has told: it had content in that boot.
  void RememberContent(const std::string& node, const std::string& boot_id);

  void OnAttached(const Hello& hello, const std::string& address, Time now,
                  std::optional<Duration> clock_ahead = std::nullopt);
  // These do nothing for a node that never attached.
  void OnStatus(const NodeStatus& status, Time now);
  // One of its units, by an outcome; one that it has not told of is left out. The ages of all others go on to this time.
  void OnUnit(const std::string& node, const UnitState& unit, Time now);
  void OnAway(const std::string& node, Time now);
  void OnConflict(const std::string& node, bool begins);

  // For the one who keeps a picture of all nodes: who has changed since the last call, or that anybody may have.
  struct News {
    bool is_of_all = true;
    std::unordered_set<std::string> nodes;  // xnames; empty if it is of all
  };
  News TakeNews();
  // Called when there is news where there was none, on any thread and with this registry locked: it may wake somebody, and no more. Once, before
  // anybody calls the others.
  void OnNews(std::function<void()> wake);

  // The nodes that are meant. INVALID_ARGUMENT for a set that cannot be parsed, an alias that two nodes claim, states that HSM does
  // not have or that narrow nothing, nodes that are named and disabled, and a spec that names nothing; NOT_FOUND for names that nobody
  // knows (folded), a role, group or partition that no node has, and an empty result. Operators in node sets work on nodes, not on names:
  // "nid000001!x1000c0s0b0n0" takes a node away that is named in two ways.
  absl::StatusOr<Resolved> Resolve(const TargetSpec& targets) const;

  // By xname or alias. NOT_FOUND, or INVALID_ARGUMENT for an alias that two nodes claim.
  absl::StatusOr<NodeInfo> Find(const std::string& name) const;
  // In the order asked for; names that are not known xnames are left out.
  std::vector<NodeInfo> List(const std::vector<std::string>& xnames) const;
  // In natural order.
  std::vector<std::string> All() const;
  size_t attached_count() const;
  // How often a node has attached.
  uint64_t attaches() const;
  // How many may attach: listed by the file or HSM, or seen before.
  size_t expected_count() const;

 private:
  // Shared: who reads one keeps it while the next takes its place. Never null.
  using Picture = std::shared_ptr<const InventoryPicture>;
  struct Sources {
    Picture file;
    Picture hsm;
  };
  using Names = std::vector<std::string>;
  using NameSet = std::unordered_set<std::string>;

  static std::vector<InventoryNode> CheckedHsm(const std::vector<InventoryNode>& nodes,
                                               const InventoryPicture& file);
  Sources CurrentSources() const;
  void TakeSources(Sources& next) MUSTER_REQUIRES(mutex_);
  Names AllOf(const Sources& sources) const;
  NodeInfo Told(NodeInfo node, const Sources& sources) const;
  NodeFacts FactsOf(const std::string& xname, const Sources& sources) const;

  bool IsKnown(const std::string& xname, const Sources& sources) const MUSTER_REQUIRES(mutex_);
  NodeInfo SeenOf(const std::string& xname) const MUSTER_REQUIRES(mutex_);
  NodeInfo* FindOrAdd(const std::string& xname) MUSTER_REQUIRES(mutex_);
  void LearnAliases(NodeInfo& node, const Names& aliases) MUSTER_REQUIRES(mutex_);
  void ForgetAliases(NodeInfo& node) MUSTER_REQUIRES(mutex_);
  void SetPresence(NodeInfo& node, Presence presence, std::optional<Time> since)
      MUSTER_REQUIRES(mutex_);
  void NoteNews(const std::string& xname) MUSTER_REQUIRES(mutex_);
  Names ClaimantsOf(const std::string& alias, const Sources& sources) const MUSTER_REQUIRES(mutex_);
  absl::StatusOr<std::string> XnameOf(const std::string& name, const Sources& sources) const
      MUSTER_REQUIRES(mutex_);

  // In resolve.cc.
  absl::StatusOr<Names> ResolveSets(const Names& sets, const Sources& sources) const;
  absl::StatusOr<NodeSet> Identify(const NodeSetExpression& set, const Sources& sources) const;
  absl::StatusOr<NodeSet> Identify(const NodeSet& nodes, const Sources& sources) const;
  absl::StatusOr<Names> KnownOf(const NodeSet& nodes, const Sources& sources) const;
  absl::StatusOr<Names> LookUp(const Names& names, const Sources& sources, Names& unknown) const;
  absl::Status CheckNamed(const Names& xnames, const Sources& sources) const;
  absl::StatusOr<size_t> AddSelected(const TargetSpec& targets, const NameSet& excluded,
                                     const Sources& sources, Resolved& resolved) const;

  // Held while a picture is made, so that each is made of what the other says then; taken before mutex_.
  Mutex set_mutex_;
  std::vector<InventoryNode> hsm_nodes_ MUSTER_GUARDED_BY(set_mutex_);  // as HSM told them

  mutable Mutex mutex_;
  Sources sources_ MUSTER_GUARDED_BY(mutex_);
  std::optional<Time> hsm_time_ MUSTER_GUARDED_BY(mutex_);
  // By xname: those that ever attached. Holds nothing that comes from the file or from HSM.
  std::map<std::string, NodeInfo, NaturalOrder> seen_ MUSTER_GUARDED_BY(mutex_);
  Claims learned_claims_ MUSTER_GUARDED_BY(mutex_);
  size_t seen_only_ MUSTER_GUARDED_BY(mutex_) = 0;  // nodes that are not in the file
  size_t attached_ MUSTER_GUARDED_BY(mutex_) = 0;
  uint64_t attaches_ MUSTER_GUARDED_BY(mutex_) = 0;
  News news_ MUSTER_GUARDED_BY(mutex_);
  std::function<void()> wake_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
