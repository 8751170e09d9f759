// One command again and again, with --since, so that what has been restarted is left alone.
#include "tests/sim/workloads/workloads.h"
#include "tests/sim/world/controller.h"

namespace muster::sim {

void RepeatedJobs(World& world, Operator& op, Random random) {
  const Work work = RestartUnit{"", random.Between(0ms, 5s)};
  const Policy base = random.Chance(50) ? AnyPolicy(random) : RolloutPolicy(random);
  const std::vector<std::string> nodes = SomeNodes(world, random);
  const Duration since = random.Between(0ms, 20s);
  for (uint64_t i = random.Between(2, 4); i > 0; --i) {
    world.agenda().At(random.Between(0ms, 60s), [&op, work, base, nodes, since] {
      Policy policy = base;
      policy.since = World::kWallBase + since;
      op.Submit(work, policy, nodes);
    });
  }
}

}  // namespace muster::sim
