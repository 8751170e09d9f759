// One job, as after an outage.
#include "tests/sim/workloads/workloads.h"

namespace muster::sim {

void OneJob(World& world, Operator& op, Random random) {
  world.agenda().At(random.Between(0ms, 10s), [&world, &op, random]() mutable {
    const Work work = AnyWork(random);
    const Policy policy = AnyPolicy(random);
    op.Submit(work, policy, SomeNodes(world, random));
  });
}

}  // namespace muster::sim
