// What has changed about the fleet, as events: nodes to which the same happened at about the same time are one event, so that a lost cabinet
// is one and not 256; and of a node's condition that flaps it is told when that begins and when it ends. Pure; one thread.
//
// Only what is known is news. A node that is away says nothing of its units, and what they do while they start is not how they are: their
// conditions stay as they were recorded until they are True or False again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/time.h"
#include "controller/fleet/conditions.h"
#include "controller/fleet/flap_damping.h"
#include "controller/fleet/history_store.h"
#include "controller/nodeset/node_name.h"

namespace muster {

class FleetHistory {
 public:
  // An event is open for others to join until nobody has for so long, and no longer than this in all: agents without power are noticed
  // over more than two minutes, as their PINGs come due.
  static constexpr Duration kJoin = 30s;
  static constexpr Duration kOpen = 3min;
  // Changes that wait for a disk that takes nothing.
  static constexpr size_t kMaxUnwritten = 1'000'000;

  // `stored` is what an earlier life has recorded.
  explicit FleetHistory(StoredHistory stored);

  // How a node is now.
  void Note(Time now, const std::string& node, const std::vector<Condition>& conditions);
  // What is due by time alone: what flapped and is quiet.
  void Advance(Time now);
  // When Advance has something to do; Time::max(): nothing.
  Time NextDue() const;
  // What is to be written since the last call.
  HistoryBatch TakeBatch();
  // One that could not be written; it comes again. Of a disk that is full for long it is dropped when there is too much of it.
  void GiveBack(HistoryBatch batch);
  // Tells how everything is that flaps: the next life does not know that it does.
  void ReleaseAll(Time now);
  bool has_batch() const;

  // Each event, by kind and state, since this life began.
  using Counts = std::map<std::pair<ConditionKind, Truth>, uint64_t>;
  const Counts& counts() const { return counts_; }

 private:
  struct OpenEvent {
    HealthEvent event;
    std::set<std::string, NaturalOrder> nodes;
    std::vector<std::string> joined;  // since the last batch
    bool is_dirty = true;
  };
  // What was last known of a condition, as small as it can be: there are several of each node.
  struct Known {
    const std::string* reason = nullptr;  // in reasons_
    uint64_t mark = 0;                    // hash of it; 0: none
    ConditionKind kind{};
    Truth truth{};
  };
  using EventKey = std::tuple<ConditionKind, Truth, std::string>;
  using FlapKey = std::pair<std::string, ConditionKind>;

  Known* Find(const std::string& node, ConditionKind kind);
  static bool IsAnother(const Known& known, const Condition& condition);
  Known KnownOf(ConditionKind kind, Truth truth, const std::string& reason,
                const std::string& mark);
  void NoteOne(Time now, const std::string& node, const Condition& condition);
  void NoteGone(Time now, const std::string& node, const std::vector<Condition>& conditions);
  void Keep(Time now, const std::string& node, const Condition& condition);
  static HistoryBatch::Change ChangeOf(OpenEvent& open);
  // Unless it flaps.
  void Tell(Time now, const std::string& node, const Condition& condition);
  void Join(Time now, const std::string& node, const Condition& condition);

  std::set<std::string> reasons_;                              // a handful
  std::unordered_map<std::string, std::vector<Known>> known_;  // by node
  std::map<FlapKey, FlapDamping> flaps_;                       // of what has changed lately
  std::map<EventKey, OpenEvent> open_;
  int64_t last_number_;
  HistoryBatch batch_;
  Counts counts_;
};

}  // namespace muster
