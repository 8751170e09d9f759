// When this node's status goes up again, after Hello: soon after something changed, with what changed meanwhile, and less and less often while
// it goes on changing. Nothing is told that is not news. Pure; loop thread.
#pragma once

#include <optional>

#include "common/messages.h"
#include "common/time.h"

namespace muster {

// A change is waited after for others: a unit that is started changes several times at once.
inline constexpr Duration kStatusMerge = 200ms;
// Between two looks, doubled for each that follows soon after another.
inline constexpr Duration kStatusInterval = 500ms;
inline constexpr Duration kLongestStatusInterval = 5s;
// Without news for so long a node is quiet again.
inline constexpr Duration kStatusQuiet = 30s;
// While something is done to the node a look waits so much longer: its outcome tells the rest.
inline constexpr Duration kStatusAtWork = 10s;

class StatusWatch {
 public:
  // What the controller was told, by Hello or by itself.
  void OnTold(const NodeStatus& status) { told_ = status; }
  // One of the units, by an outcome.
  void OnTold(const UnitState& unit);
  // Units, or mounts, may be others now.
  void OnUnitsChanged(Time now);
  void OnMountsChanged(Time now);
  // When to look; nothing if nothing has changed. `is_at_work`: an attempt is under way.
  std::optional<Time> deadline(bool is_at_work) const;
  // Once, at the deadline: what to look at now. Mounts are looked at in any case.
  enum class Look { kNothing, kMounts, kUnits };
  Look TakeDue(Time now, bool is_at_work);
  // Whether anything is another than was told, but for ages and queued jobs.
  bool IsNews(const NodeStatus& status) const;
  const NodeStatus& told() const { return told_; }

 private:
  void SetDue(Time now);

  NodeStatus told_;
  bool have_units_changed_ = false;
  std::optional<Time> due_;
  std::optional<Time> last_look_;
  Duration interval_ = kStatusInterval;
};

}  // namespace muster
