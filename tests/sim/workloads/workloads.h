// What operators do. Each workload is a function that puts its requests down in the agenda.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/world/operator.h"
#include "tests/sim/world/random.h"
#include "tests/sim/world/world.h"

namespace muster::sim {

void OneJob(World& world, Operator& op, Random random);
void ManyJobs(World& world, Operator& op, Random random);
void CancelledJobs(World& world, Operator& op, Random random);
void PausedJobs(World& world, Operator& op, Random random);
void RepeatedJobs(World& world, Operator& op, Random random);
void Rollouts(World& world, Operator& op, Random random);

// Nobody asks for anything new later than this.
constexpr Duration kLastRequest = 250s;

struct Workload {
  const char* name;
  void (*begin)(World& world, Operator& op, Random random);
};
const std::vector<Workload>& AllWorkloads();

// Parts of them.
Work AnyWork(Random& random);
Policy AnyPolicy(Random& random);
// The same with canaries, a rate, a ramp, retries and a limit of failures.
Policy RolloutPolicy(Random& random);
std::vector<std::string> SomeNodes(World& world, Random& random);
// An action on one of the jobs that the operator knows, at about `when` after it is known.
void ActLater(World& world, Operator& op, Random random, JobAction action, Duration when);

}  // namespace muster::sim
