// Another machine has the certificate of a node, and an agent that comes and goes with it.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void TwoAgentsOfOneName(World& world, Random random) {
  for (uint64_t i = random.Between(1, 3); i > 0; --i) {
    Machine& original = AnyNode(world, random);
    world.machines().push_back(
        std::make_unique<Machine>(world, original.node(), random.Chance(50)));
    Machine& impostor = *world.machines().back();
    for (const std::string& unit : original.systemd().units()) {
      impostor.systemd().Add(unit, Behaviour::kGood);
    }
    const Duration often = random.Between(5s, 60s);
    Often(world, random.Fork(), often, [&impostor](Random& r) {
      if (impostor.is_on() && r.Chance(60)) {
        impostor.PowerOff();
      } else {
        impostor.PowerOn();
      }
    });
  }
}

}  // namespace muster::sim
