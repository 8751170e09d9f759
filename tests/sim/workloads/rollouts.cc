// Jobs with everything a policy has: canaries, rate, ramp, retries, a limit of failures; some are paused, cancelled or deleted.
#include "tests/sim/workloads/workloads.h"

namespace muster::sim {

void Rollouts(World& world, Operator& op, Random random) {
  for (uint64_t i = random.Between(1, 3); i > 0; --i) {
    world.agenda().At(random.Between(0ms, 20s), [&world, &op, own = random.Fork()]() mutable {
      const Work work = AnyWork(own);
      const Policy policy = RolloutPolicy(own);
      op.Submit(work, policy, SomeNodes(world, own));
    });
  }
  for (uint64_t i = random.Below(4); i > 0; --i) {
    const auto action = static_cast<JobAction>(random.Below(4));
    ActLater(world, op, random.Fork(), action, 10ms + random.Skewed(240s));
  }
}

}  // namespace muster::sim
