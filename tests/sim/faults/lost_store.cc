// The controller's state directory is gone, and it begins anew with another store.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void LostStore(World& world, Random random) {
  world.agenda().At(random.Between(5s, world.faults_end()), [&world, id = random.Hex(32)] {
    world.controller().Kill();
    world.controller().ReplaceStore(Image(), Epoch{id, 0}, false);
    world.controller().Start();
  });
}

}  // namespace muster::sim
