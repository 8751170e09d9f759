// Somebody else works on the same nodes: restarts units, and stops them.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void UnitsRestartedByOthers(World& world, Random random) {
  const Duration every = random.Between(200ms, 10s);
  Often(world, random, every, [&world](Random& r) {
    Machine& machine = AnyNode(world, r);
    if (!machine.is_on()) return;
    const std::vector<std::string> units = machine.systemd().units();
    const std::string& unit = units[r.Below(units.size())];
    if (r.Chance(80)) {
      machine.systemd().Restart(unit, std::nullopt);
    } else {
      machine.systemd().Stop(unit);
    }
  });
}

}  // namespace muster::sim
