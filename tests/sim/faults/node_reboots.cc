// Nodes lose their power at any moment and boot again; a ledger under /run is gone then, one on a disk loses what was not synced.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void NodeReboots(World& world, Random random) {
  const Duration every = random.Between(2s, 30s);
  Often(world, random, every, [&world](Random& r) {
    Machine& machine = AnyNode(world, r);
    if (r.Chance(40)) {
      return machine.CutPowerAfter(static_cast<uint32_t>(r.Below(40)), r.Between(2s, 90s));
    }
    machine.PowerOff();
    world.agenda().After(r.Between(2s, 90s), [&machine] { machine.PowerOn(); });
  });
}

}  // namespace muster::sim
