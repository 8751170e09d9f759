// What a job would do, told before it is made: the answer to a dry run. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/work.h"
#include "controller/engine/policy.h"

namespace muster {

// How long the unit must stay up in a command of this work: for one of the canaries no less than min_healthy. 0 for work that restarts
// nothing.
Duration SettleTime(const Work& work, const Policy& policy, bool is_canary);

struct Plan {
  // That would go first, in that order: those that are attached before those that are not, each spread over the cabinets.
  std::vector<std::string> canaries;
  // In the order of `nodes`.
  std::vector<std::string> away;
  // How many would be in flight together, one after the other, if all of a wave ended at once: the canaries, then the others.
  std::vector<uint32_t> waves;
  // Until the last one has succeeded if all nodes were there and nothing took time but the policy and the settle times.
  Duration least_duration{};
};

// Until the last of `all` tasks has succeeded, if all nodes are there and each takes so long, but no less than its settle time. O(all).
Duration RolloutDuration(const Policy& policy, const Work& work, uint32_t all, Duration task_time);

// `nodes` is sorted, and `is_attached` tells of each whether it can be sent to now. O(n log n).
Plan PlanRollout(const Policy& policy, const Work& work, const std::vector<std::string>& nodes,
                 const std::vector<bool>& is_attached);

}  // namespace muster
