#include "controller/fleet/flap_damping.h"

#include <algorithm>
#include <cmath>

namespace muster {

void FlapDamping::Add(Time now) {
  penalty_ = std::min(PenaltyAt(now) + kPenalty, kMost);
  updated_ = now;
  if (penalty_ > kSuppress) is_suppressed_ = true;
}

bool FlapDamping::TryRelease(Time now) {
  if (!is_suppressed_ || now < ReleaseTime()) return false;
  is_suppressed_ = false;
  return true;
}

Time FlapDamping::ReleaseTime() const {
  const double half_lives = std::max(0.0, std::log2(penalty_ / kReuse));
  return updated_ + Duration(static_cast<int64_t>(half_lives * kHalfLife.count()));
}

double FlapDamping::PenaltyAt(Time now) const {
  const double half_lives =
      static_cast<double>((now - updated_).count()) / static_cast<double>(kHalfLife.count());
  return penalty_ * std::exp2(-std::max(0.0, half_lives));
}

}  // namespace muster
