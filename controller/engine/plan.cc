// The rules are the engine's (dispatch.cc): at most ParallelLimit tasks in flight, each start takes a token, and the canaries have all
// been proven before anything else is started.

#include "controller/engine/plan.h"

#include <algorithm>
#include <deque>

#include "controller/engine/spread.h"

namespace muster {
namespace {

std::vector<std::string> Canaries(uint32_t size, const std::vector<std::string>& nodes,
                                  const std::vector<bool>& is_attached) {
  if (size == 0) return {};
  std::vector<uint32_t> order = SpreadOverCabinets(nodes);
  std::stable_partition(order.begin(), order.end(),
                        [&is_attached](uint32_t index) { return is_attached[index]; });
  std::vector<std::string> canaries;
  for (uint32_t i = 0; i < size; ++i) canaries.push_back(nodes[order[i]]);
  return canaries;
}

std::vector<uint32_t> Waves(const Policy& policy, uint32_t canaries, uint32_t all) {
  std::vector<uint32_t> waves;
  for (uint32_t ended = 0; ended < all; ended += waves.back()) {
    const uint32_t stage_end = ended < canaries ? canaries : all;
    waves.push_back(std::min(ParallelLimit(policy, ended), stage_end - ended));
  }
  return waves;
}

}  // namespace

// Starts each task as soon as it may be.
Duration RolloutDuration(const Policy& policy, const Work& work, uint32_t all, Duration task_time) {
  const uint32_t canaries = CanarySize(policy, all);
  const Time begin{};
  TokenBucket bucket = TokenBucket::ForNewJob(policy.rate, begin);
  Time now = begin;
  std::deque<Time> ends;  // of those in flight; they end in the order in which they were started
  uint32_t ended = 0;
  for (uint32_t started = 0; started < all; ++started) {
    // Those that have ended by now, and those without whose end this one may not start.
    const bool is_canary = started < canaries;
    while (!ends.empty() && (ends.front() <= now || (!is_canary && ended < canaries) ||
                             ends.size() >= ParallelLimit(policy, ended))) {
      now = std::max(now, ends.front());
      ends.pop_front();
      ++ended;
    }
    now = std::max(now, bucket.NextToken());
    bucket.Take(now);
    ends.push_back(now + std::max(task_time, SettleTime(work, policy, is_canary)));
  }
  return ends.empty() ? Duration::zero() : ends.back() - begin;
}

Duration SettleTime(const Work& work, const Policy& policy, bool is_canary) {
  const auto* restart = std::get_if<RestartUnit>(&work);
  if (restart == nullptr) return Duration::zero();
  return is_canary ? std::max(restart->settle, policy.min_healthy) : restart->settle;
}

Plan PlanRollout(const Policy& policy, const Work& work, const std::vector<std::string>& nodes,
                 const std::vector<bool>& is_attached) {
  const auto all = static_cast<uint32_t>(nodes.size());
  const uint32_t canaries = CanarySize(policy, all);
  Plan plan;
  plan.canaries = Canaries(canaries, nodes, is_attached);
  for (uint32_t i = 0; i < all; ++i) {
    if (!is_attached[i]) plan.away.push_back(nodes[i]);
  }
  plan.waves = Waves(policy, canaries, all);
  plan.least_duration = RolloutDuration(policy, work, all, Duration::zero());
  return plan;
}

}  // namespace muster
