// The operators: ask the controller for things, and ask again while nobody answers, as people and scripts do. A repeated submission has
// the same request_id.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/world/random.h"
#include "tests/sim/world/request.h"

namespace muster::sim {

class World;

class Operator {
 public:
  Operator(World& world, Random random) : world_(world), random_(random) {}

  void Submit(Work work, Policy policy, std::vector<std::string> nodes);
  // Once; nobody cares whether the job's state allows it. Pauses are taken back in the end.
  void Act(JobAction action, const std::string& job);
  // Until the job is not paused any more.
  void ResumeAll();

  // What the controller has promised to do.
  const std::vector<std::string>& jobs() const { return jobs_; }
  // Something has not been answered yet.
  bool is_waiting() const { return waiting_ > 0; }

 private:
  void Send(Request request);
  void OnAnswer(Request request, const absl::StatusOr<std::string>* job);
  std::string NewJobId();

  World& world_;
  Random random_;
  uint64_t last_number_ = 0;
  uint64_t last_job_ = 0;
  size_t waiting_ = 0;
  std::vector<std::string> jobs_;
};

}  // namespace muster::sim
