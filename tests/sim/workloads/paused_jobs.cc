// Jobs that are paused and resumed, some of them cancelled while they are paused.
#include "tests/sim/workloads/workloads.h"

namespace muster::sim {

void PausedJobs(World& world, Operator& op, Random random) {
  for (uint64_t i = random.Between(1, 3); i > 0; --i) OneJob(world, op, random.Fork());
  for (uint64_t i = random.Between(1, 4); i > 0; --i) {
    const Duration when = 10ms + random.Skewed(120s);
    ActLater(world, op, random.Fork(), JobAction::kPause, when);
    if (random.Chance(80)) {
      ActLater(world, op, random.Fork(), JobAction::kResume, when + random.Skewed(120s));
    }
    if (random.Chance(10)) {
      ActLater(world, op, random.Fork(), JobAction::kCancel, when + random.Skewed(120s));
    }
  }
}

}  // namespace muster::sim
