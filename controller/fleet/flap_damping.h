// Route-flap damping (RFC 2439), for a node's condition that changes again and again: each change adds a penalty that decays by half in a
// half-life; beyond the suppress limit changes are not told any more, until the penalty has decayed to the reuse limit. Pure.
#pragma once

#include "common/time.h"

namespace muster {

class FlapDamping {
 public:
  // The ratios are those of RFC 2439, 4.2; the fourth change within the half-life is the first that is too many, so that a node that boots
  // (away, back, its units up) is none that flaps.
  static constexpr double kPenalty = 1000;
  static constexpr double kSuppress = 3000;
  static constexpr double kReuse = 750;
  static constexpr Duration kHalfLife = 5min;
  // The penalty grows no further, so that what is quiet is told again after this many half-lives at most: log2(12000 / 750).
  static constexpr double kMost = 12'000;

  // A change at `now`.
  void Add(Time now);
  // Whether changes are not to be told.
  bool is_suppressed() const { return is_suppressed_; }
  // True once, when it has been quiet for long enough.
  bool TryRelease(Time now);
  // When TryRelease may be true, if nothing is added.
  Time ReleaseTime() const;
  // Nothing of it is left to remember.
  bool IsOver(Time now) const { return !is_suppressed_ && now >= ReleaseTime(); }

 private:
  double PenaltyAt(Time now) const;

  double penalty_ = 0;
  Time updated_{};
  bool is_suppressed_ = false;
};

}  // namespace muster
