// Streams deliver nothing for a while, some for longer than a command may wait.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void StalledLinks(World& world, Random random) {
  const Duration every = random.Between(1s, 15s);
  Often(world, random, every, [&world](Random& r) {
    const std::vector<LinkId> links = world.network().links();
    if (links.empty()) return;
    world.network().Stall(links[r.Below(links.size())], r.Skewed(100s));
  });
}

}  // namespace muster::sim
