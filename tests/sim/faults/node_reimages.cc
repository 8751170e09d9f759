// Nodes come back with an empty disk: a ledger of another incarnation.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void NodeReimages(World& world, Random random) {
  const Duration every = random.Between(5s, 60s);
  Often(world, random, every, [&world](Random& r) {
    Machine& machine = AnyNode(world, r);
    machine.PowerOff();
    machine.Reimage();
    world.agenda().After(r.Between(2s, 60s), [&machine] { machine.PowerOn(); });
  });
}

}  // namespace muster::sim
