// How fast nodes may be restarted so that HMNFD keeps up: additive increase, multiplicative decrease. Pure; owned by a Resubscription.
//
// It begins at the floor and grows by half each second until HMNFD shows that it has enough; from then on the pace is cut when it does and grows
// slowly while it does not. Nothing is restarted while HMNFD is not ready. What shows that it has enough: its readiness takes longer than
// it does at rest, and is not getting better; restarts fail, for a unit that cannot subscribe does not start; nodes that
// were restarted seconds ago are not in its list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "common/time.h"

namespace muster {

class PaceController {
 public:
  // Starts a second.
  PaceController(uint32_t floor, uint32_t ceiling);

  void OnStarted(Time now) { started_.push_back(now); }
  // A restart failed that had been started.
  void OnFailed(Time now) { failed_.push_back(now); }
  // By the newest list: so many of those that should be in it are not.
  void OnListed(size_t overdue, size_t due);
  // HMNFD is ready and took so long to say so. Each probe is also a tick.
  void OnReady(Time now, Duration latency);
  // It is not, and why.
  void OnNotReady(Time now, const std::string& why);

  // Starts a second; 0 while HMNFD is not ready.
  double rate() const { return is_held_ ? 0 : rate_; }
  // What the operator should know since the last call: held, gone on, slowed, and why.
  std::optional<std::string> TakeNews();

 private:
  void Resume(Time now);
  bool IsSlow() const;
  bool IsOverdue() const;
  std::optional<std::string> Congestion() const;
  bool IsRecovering() const;
  void Decrease(Time now, const std::string& why);
  void Increase(Time now);
  void DropOld(Time now);

  double floor_;
  double ceiling_;
  double rate_;
  double top_ = 0;  // the pace at the last decrease; 0: there was none
  bool is_held_ = true;
  bool has_begun_ = false;
  Time held_since_{};
  Time last_tick_{};
  Time last_decrease_{};
  Duration latency_{};
  Duration latency_before_{};
  Duration rest_latency_ = Duration::max();  // the least there was
  size_t overdue_ = 0;
  size_t due_ = 0;
  bool has_acted_on_list_ = false;  // a cut came since
  std::deque<Time> started_;        // of the last seconds
  std::deque<Time> failed_;
  std::optional<std::string> news_;
};

}  // namespace muster
