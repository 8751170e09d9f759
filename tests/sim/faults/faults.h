// What can go wrong. Each fault is a function that puts its mischief down in the agenda, for the time until World::faults_end(); what
// lasts is mended by Mend, in run.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/sim/world/controller.h"
#include "tests/sim/world/random.h"
#include "tests/sim/world/world.h"

namespace muster::sim {

void BrokenLinks(World& world, Random random);
void StalledLinks(World& world, Random random);
void AgentCrashes(World& world, Random random);
void NodeReboots(World& world, Random random);
void NodeReimages(World& world, Random random);
void NodesAway(World& world, Random random);
void ControllerCrashes(World& world, Random random);
void SlowDisks(World& world, Random random);
void FullDisks(World& world, Random random);
void FullQueues(World& world, Random random);
void ClockSteps(World& world, Random random);
void UnitFailures(World& world, Random random);
void UnitsRestartedByOthers(World& world, Random random);
void BusTrouble(World& world, Random random);
void TwoAgentsOfOneName(World& world, Random random);
void LostStore(World& world, Random random);
void RestoredStore(World& world, Random random);

struct Fault {
  const char* name;
  void (*begin)(World& world, Random random);
  uint32_t percent;  // of the runs
};
const std::vector<Fault>& AllFaults();

// Calls `what` at random times until the faults' end, on average every `every`.
void Often(World& world, Random random, Duration every, std::function<void(Random&)> what);
// One of the nodes; impostors are none.
Machine& AnyNode(World& world, Random& random);

}  // namespace muster::sim
