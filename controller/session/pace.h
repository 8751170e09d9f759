// How often something may happen: `burst` times at once, and then once in each `interval` (the generic cell rate algorithm of ITU-T I.371).
// What comes faster waits, but never longer than kMaxWait. Its owner guards it.
#pragma once

#include <algorithm>

#include "common/time.h"

namespace muster {

class Pace {
 public:
  static constexpr Duration kMaxWait = 30s;

  constexpr Pace(int burst, Duration interval) : interval_(interval), slack_(burst * interval) {}

  // It happens once more: how long that has to wait.
  Duration Take(Time now) {
    next_ = std::min(std::max(next_, now) + interval_, now + slack_ + kMaxWait);
    return std::max(next_ - slack_ - now, Duration::zero());
  }

 private:
  Duration interval_;
  Duration slack_;
  Time next_{};  // when it would happen if it kept to the interval
};

}  // namespace muster
