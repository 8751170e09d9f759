// One simulated run, wholly told by its seed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/world/world.h"

namespace muster::sim {

struct RunOptions {
  uint64_t seed = 0;
  size_t nodes = 64;
  bool is_traced = false;
};

struct RunResult {
  std::optional<Failure> failure;
  uint64_t hash = 0;
  uint64_t events = 0;
  Duration length{};
  std::string story;                      // the workload and the faults
  std::map<std::string, uint64_t> tally;  // tasks by state, jobs by state
};

RunResult Run(const RunOptions& options);

}  // namespace muster::sim
