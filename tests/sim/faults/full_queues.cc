// The controller's mailbox takes little, so that reports, sessions and requests are turned away.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void FullQueues(World& world, Random random) {
  world.controller().set_mailbox_limits({.reports = random.Between(1, 8),
                                         .sessions = random.Between(1, 8),
                                         .requests = random.Between(1, 2)});
}

}  // namespace muster::sim
