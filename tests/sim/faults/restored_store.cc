// The controller's state directory is put back to what it was some time ago, counter included. Agents refuse it; sooner or later somebody
// reads the log and starts it with --restored.
#include <memory>

#include "tests/sim/faults/faults.h"

namespace muster::sim {

void RestoredStore(World& world, Random random) {
  const Duration taken = random.Between(5s, world.faults_end());
  auto copy = std::make_shared<std::pair<Image, Epoch>>();
  world.agenda().At(taken, [&world, copy] {
    *copy = {world.controller().image(), world.controller().epoch()};
  });
  world.agenda().At(random.Between(taken, world.faults_end()), [&world, copy] {
    world.controller().Kill();
    world.controller().ReplaceStore(copy->first, copy->second, true);
    world.controller().Start();
  });
}

}  // namespace muster::sim
