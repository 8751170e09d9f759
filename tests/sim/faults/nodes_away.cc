// Some nodes are down from the beginning; some come late, some not before everything is mended.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void NodesAway(World& world, Random random) {
  const uint32_t percent = static_cast<uint32_t>(random.Between(2, 50));
  for (size_t i = 0; i < world.node_count(); ++i) {
    if (!random.Chance(percent)) continue;
    Machine& machine = *world.machines()[i];
    const Duration until = random.Between(5s, 600s);
    world.agenda().At(kAllBooted, [&machine] { machine.PowerOff(); });
    world.agenda().At(until, [&machine] { machine.PowerOn(); });
  }
}

}  // namespace muster::sim
