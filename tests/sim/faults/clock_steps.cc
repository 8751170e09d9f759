// The controller's wall clock is set, forwards and backwards; each of its lives begins with what it shows then.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void ClockSteps(World& world, Random random) {
  const Duration every = random.Between(2s, 30s);
  Often(world, random, every, [&world](Random& r) {
    const Duration step = r.Skewed(48h);
    world.controller().set_wall_offset(r.Chance(50) ? step : -step);
    if (!r.Chance(40)) return;
    world.controller().Kill();
    world.agenda().After(r.Skewed(10s), [&world] { world.controller().Start(); });
  });
}

}  // namespace muster::sim
