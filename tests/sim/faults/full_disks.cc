// Disks are full for a while: the controller's, and those of some nodes.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void FullDisks(World& world, Random random) {
  const Duration every = random.Between(5s, 60s);
  Often(world, random, every, [&world](Random& r) {
    world.controller().set_disk_full(true);
    world.agenda().After(r.Skewed(60s), [&world] { world.controller().set_disk_full(false); });
  });
  const Duration often = random.Between(500ms, 10s);
  Often(world, random.Fork(), often, [&world](Random& r) {
    Machine& machine = AnyNode(world, r);
    machine.disk().set_full(true);
    world.agenda().After(r.Skewed(60s), [&machine] { machine.disk().set_full(false); });
  });
}

}  // namespace muster::sim
