// Several jobs whose nodes and units overlap.
#include "tests/sim/workloads/workloads.h"

namespace muster::sim {

void ManyJobs(World& world, Operator& op, Random random) {
  for (uint64_t i = random.Between(2, 5); i > 0; --i) OneJob(world, op, random.Fork());
}

}  // namespace muster::sim
