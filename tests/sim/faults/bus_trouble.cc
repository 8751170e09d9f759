// systemd answers late or not at all, or the connection to it breaks.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void BusTrouble(World& world, Random random) {
  const Duration every = random.Between(300ms, 10s);
  Often(world, random, every, [&world](Random& r) {
    Machine& machine = AnyNode(world, r);
    if (!machine.is_on()) return;
    if (r.Chance(50)) {
      machine.StallBus(r.Skewed(60s));
    } else {
      machine.LoseBus(r.Skewed(30s));
    }
  });
}

}  // namespace muster::sim
