// The controller is killed: at any time, and between any two phases of a batch.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void ControllerCrashes(World& world, Random random) {
  const Duration every = random.Between(1s, 30s);
  Often(world, random, every, [&world](Random& r) {
    Controller& controller = world.controller();
    if (r.Chance(30)) {
      controller.Kill();
    } else {
      controller.KillAt(static_cast<Death>(r.Below(5)));
    }
    // Whoever watches it starts it again; if it has not died by then, nothing happens.
    for (int i = 0; i < 3; ++i) {
      world.agenda().After(r.Skewed(60s), [&controller] { controller.Start(); });
    }
  });
}

}  // namespace muster::sim
