// Keeps the picture of the fleet and its history as agents, HSM and HMNFD tell what changes. A thread of its own, which sleeps while nothing
// does: nodes are judged a moment after the registry has news of them, all that came in that moment at once, so that a storm of changes
// costs each node one judgement in it.
//
// Nodes that were known before the controller started, and have not come back yet, are not news for a while: a restart of the controller is
// no event of the fleet.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "common/time.h"
#include "controller/fleet/fleet_picture.h"
#include "controller/fleet/history.h"
#include "controller/fleet/history_store.h"
#include "controller/fleet/subscriber_list.h"
#include "controller/inventory/node_registry.h"

namespace muster {

struct FleetWatchOptions {
  // Changes within so long are judged together.
  Duration merge = 100ms;
  // Between two writes of the history.
  Duration write_interval = 1s;
  // For the fleet to come back after a start of the controller; the largest that was measured took 137 s.
  Duration settle = 3min;
  // HSM will say who must be there.
  bool awaits_hsm = false;
  // Whether HMNFD is asked without anybody asking, and how often. Zero: it is not.
  Duration subscribers_interval{};
};

class FleetWatch {
 public:
  // What is lent outlives it. The registry and the list wake it from now on.
  FleetWatch(FleetWatchOptions options, NodeRegistry& registry, SubscriberList& subscribers,
             HistoryStore& store, StoredHistory stored, const Clock& clock);
  ~FleetWatch() { Stop(); }
  FleetWatch(const FleetWatch&) = delete;
  FleetWatch& operator=(const FleetWatch&) = delete;

  void Start();
  // Writes what is not written yet.
  void Stop();

  // A copy. Any thread.
  FleetPicture picture() const;
  struct Marks {
    uint64_t revision = 0;
    uint64_t layout = 0;
  };
  // Rows that changed after a revision, with their numbers. Any thread.
  struct Changed {
    Marks now;
    std::vector<std::pair<size_t, std::string>> letters;  // by number of the row
  };
  Changed ChangedSince(uint64_t revision) const;
  // Of each name its number, or nothing. Any thread.
  std::vector<std::optional<size_t>> NumbersOf(const std::vector<std::string>& xnames) const;
  // Any thread.
  FleetHistory::Counts event_counts() const;
  // Called on this object's thread after the picture has changed. Before Start.
  void OnChange(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  void Run();
  // False: it is to end.
  bool WaitForWork();
  void Work(Time now);
  void JudgeAll(Time now);
  void Judge(Time now, const std::vector<std::string>& xnames);
  std::vector<Condition> Look(Time now, const NodeInfo& node);
  bool IsAwaited(Time now, const NodeInfo& node) const;
  void WriteHistory(Time now);
  void Trim(Time now);
  void AskHmnfd(Time now);
  Time NextDue() const;
  void Wake();

  const FleetWatchOptions options_;
  NodeRegistry& registry_;
  SubscriberList& subscribers_;
  HistoryStore& store_;
  const Clock& clock_;
  std::function<void()> changed_;
  const Time started_;

  // Its thread only.
  FleetHistory history_;
  SubscriberList::Known known_;
  std::set<std::string> looping_;  // nodes in a crash loop, which ends without anybody telling
  bool has_begun_ = false;
  bool had_list_ = false;  // HMNFD's, when nodes were judged last
  bool has_settled_ = false;
  bool has_failed_ = false;
  bool is_unwritten_ = false;
  Time written_{};
  Time trim_due_{};
  Time looked_{};  // at those that loop
  Time asked_{};

  mutable Mutex mutex_;
  CondVar wake_;
  bool is_ending_ MUSTER_GUARDED_BY(mutex_) = false;
  bool has_news_ MUSTER_GUARDED_BY(mutex_) = true;
  bool has_list_ MUSTER_GUARDED_BY(mutex_) = false;  // another list of HMNFD
  FleetPicture picture_ MUSTER_GUARDED_BY(mutex_);
  FleetHistory::Counts event_counts_ MUSTER_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace muster
