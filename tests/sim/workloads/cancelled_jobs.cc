// Jobs that are cancelled: at once, in the middle, after their end.
#include "tests/sim/workloads/workloads.h"

namespace muster::sim {

void CancelledJobs(World& world, Operator& op, Random random) {
  for (uint64_t i = random.Between(1, 3); i > 0; --i) OneJob(world, op, random.Fork());
  for (uint64_t i = random.Between(1, 3); i > 0; --i) {
    ActLater(world, op, random.Fork(), JobAction::kCancel, 10ms + random.Skewed(120s));
  }
}

}  // namespace muster::sim
