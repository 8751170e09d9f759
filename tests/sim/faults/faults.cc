#include "tests/sim/faults/faults.h"

#include <memory>
#include <utility>

namespace muster::sim {
namespace {

void Next(World& world, std::shared_ptr<Random> random, Duration every,
          std::shared_ptr<std::function<void(Random&)>> what) {
  const Duration when = world.now() + random->Between(1ms, 2 * every);
  if (when >= world.faults_end()) return;
  world.agenda().At(when, [&world, random, every, what] {
    (*what)(*random);
    Next(world, random, every, what);
  });
}

}  // namespace

const std::vector<Fault>& AllFaults() {
  static const std::vector<Fault> kFaults = {
      {"broken-links", BrokenLinks, 40},
      {"stalled-links", StalledLinks, 30},
      {"agent-crashes", AgentCrashes, 40},
      {"node-reboots", NodeReboots, 25},
      {"node-reimages", NodeReimages, 15},
      {"nodes-away", NodesAway, 30},
      {"controller-crashes", ControllerCrashes, 40},
      {"slow-disks", SlowDisks, 25},
      {"full-disks", FullDisks, 20},
      {"full-queues", FullQueues, 15},
      {"clock-steps", ClockSteps, 20},
      {"unit-failures", UnitFailures, 50},
      {"units-restarted-by-others", UnitsRestartedByOthers, 25},
      {"bus-trouble", BusTrouble, 25},
      {"two-agents-of-one-name", TwoAgentsOfOneName, 15},
      {"lost-store", LostStore, 4},
      {"restored-store", RestoredStore, 4},
  };
  return kFaults;
}

void Often(World& world, Random random, Duration every, std::function<void(Random&)> what) {
  Next(world, std::make_shared<Random>(random), every,
       std::make_shared<std::function<void(Random&)>>(std::move(what)));
}

Machine& AnyNode(World& world, Random& random) {
  return *world.machines()[random.Below(world.node_count())];
}

}  // namespace muster::sim
