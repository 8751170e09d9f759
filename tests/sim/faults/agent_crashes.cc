// Agents are killed at any of their steps, and started again by systemd.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void AgentCrashes(World& world, Random random) {
  const Duration every = random.Between(300ms, 10s);
  Often(world, random, every, [&world](Random& r) {
    AnyNode(world, r).KillAgentAfter(static_cast<uint32_t>(r.Below(40)));
  });
}

}  // namespace muster::sim
