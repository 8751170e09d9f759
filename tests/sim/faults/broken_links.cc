// Streams break in the middle; now and then all of them at once, as when a switch restarts.
#include "tests/sim/faults/faults.h"

namespace muster::sim {

void BrokenLinks(World& world, Random random) {
  const Duration every = random.Between(500ms, 10s);
  Often(world, random, every, [&world](Random& r) {
    const std::vector<LinkId> links = world.network().links();
    if (links.empty()) return;
    if (r.Chance(5)) {
      for (const LinkId link : links) world.network().Break(link);
      return;
    }
    world.network().Break(links[r.Below(links.size())]);
  });
}

}  // namespace muster::sim
