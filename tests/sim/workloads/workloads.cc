#include "tests/sim/workloads/workloads.h"

#include <algorithm>

namespace muster::sim {

const std::vector<Workload>& AllWorkloads() {
  static const std::vector<Workload> kWorkloads = {
      {"one-job", OneJob},
      {"many-jobs", ManyJobs},
      {"cancelled-jobs", CancelledJobs},
      {"paused-jobs", PausedJobs},
      {"repeated-jobs", RepeatedJobs},
      {"rollouts", Rollouts},
      {"rollouts", Rollouts},
  };
  return kWorkloads;
}

Work AnyWork(Random& random) {
  if (random.Chance(5)) return Inspect{random.Chance(50) ? "" : "cray-orca.service"};
  const Duration settle = random.Chance(20) ? Duration(0) : random.Between(100ms, 10s);
  const uint64_t unit = random.Below(10);
  return RestartUnit{unit < 6 ? "" : unit < 9 ? "cray-orca.service" : "other.service", settle};
}

Policy AnyPolicy(Random& random) {
  Policy policy;
  policy.max_parallel = random.Chance(40) ? 1000 : static_cast<uint32_t>(random.Between(1, 20));
  policy.delivery_deadline = random.Between(5s, 120s);
  policy.execution_deadline = random.Between(12s, 120s);
  if (random.Chance(30)) policy.deadline = random.Between(20s, 300s);
  return policy;
}

Policy RolloutPolicy(Random& random) {
  Policy policy = AnyPolicy(random);
  if (random.Chance(50)) {
    policy.rate.starts = static_cast<uint32_t>(random.Between(1, 20));
    policy.rate.per = random.Chance(70) ? Duration(1s) : random.Between(100ms, 10s);
  }
  policy.ramp = random.Chance(40);
  if (random.Chance(50)) {
    policy.canary.emplace();
    if (random.Chance(50)) {
      policy.canary->count = static_cast<uint32_t>(random.Between(1, 8));
    } else {
      policy.canary->basis_points = static_cast<uint32_t>(random.Between(0, 3000));
    }
    policy.min_healthy = random.Between(0ms, 15s);
  }
  if (random.Chance(50)) {
    policy.max_failures = CountOrPercent{static_cast<uint32_t>(random.Below(10)), {}};
  } else {
    policy.max_failures = CountOrPercent{0, static_cast<uint32_t>(random.Below(10'001))};
  }
  if (random.Chance(60)) policy.retries = static_cast<uint32_t>(random.Between(1, 4));
  if (random.Chance(30)) policy.on_conflict = OnConflict::kRefuse;
  return policy;
}

std::vector<std::string> SomeNodes(World& world, Random& random) {
  const size_t count =
      random.Chance(40) ? world.node_count() : random.Between(1, world.node_count());
  std::vector<std::string> nodes;
  const size_t first = random.Below(world.node_count());
  for (size_t i = 0; i < count; ++i) {
    nodes.push_back(world.machines()[(first + i) % world.node_count()]->node());
  }
  // Somebody whom nobody has ever seen.
  if (random.Chance(10)) nodes.push_back("x9999c0s0b0n0");
  return nodes;
}

void ActLater(World& world, Operator& op, Random random, JobAction action, Duration when) {
  world.agenda().After(when, [&op, random, action]() mutable {
    if (!op.jobs().empty()) op.Act(action, op.jobs()[random.Below(op.jobs().size())]);
  });
}

}  // namespace muster::sim
