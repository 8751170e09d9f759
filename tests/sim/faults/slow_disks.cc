// The controller's commits take up to seconds; so do the ledger's writes on some nodes.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void SlowDisks(World& world, Random random) {
  const Duration every = random.Between(1s, 20s);
  Often(world, random, every,
        [&world](Random& r) { world.controller().set_commit_delay(1ms + r.Skewed(20s)); });
  for (size_t i = 0; i < world.node_count(); ++i) {
    if (random.Chance(20)) world.machines()[i]->set_disk_delay(random.Skewed(10s));
  }
}

}  // namespace muster::sim
