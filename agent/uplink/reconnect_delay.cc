#include "agent/uplink/reconnect_delay.h"

#include <algorithm>

#include "common/limits.h"

namespace muster {
namespace {

// Where doubling ends: a controller that comes back finds its agents within this.
constexpr Duration kBackoffCap = 60s;
// 300,000 agents at limits::kReconnectPerAgent. More is a mistake of whoever said it, and must not
// keep a node away for days.
constexpr Duration kWindowMax = 10min;
// 2^6 s is past the cap already.
constexpr uint32_t kMaxDoublings = 6;

}  // namespace

Duration ReconnectWindow(uint32_t fleet_size, uint32_t failures) {
  const Duration fleet = std::clamp<Duration>(fleet_size * limits::kReconnectPerAgent,
                                              limits::kReconnectMin, kWindowMax);
  const Duration doubled = fleet * (1u << std::min(failures, kMaxDoublings));
  return std::max(fleet, std::min(doubled, kBackoffCap));
}

Duration ReconnectDelay(uint32_t fleet_size, uint32_t failures, std::mt19937_64& random) {
  std::uniform_int_distribution<Duration::rep> within(
      0, ReconnectWindow(fleet_size, failures).count());
  return Duration(within(random));
}

}  // namespace muster
