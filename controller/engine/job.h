// A job: one piece of work on a set of nodes under a policy. Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/time.h"
#include "common/work.h"
#include "controller/engine/policy.h"
#include "controller/engine/task.h"

namespace muster {

// Numbers as in proto/muster/v1/job.proto, and in the store.
enum class JobState : int {
  kUnspecified = 0,
  kRunning = 1,
  kPaused = 2,
  kCancelling = 3,
  kSucceeded = 4,
  kFailed = 5,
  kCancelled = 6,
};

std::string Name(JobState state);
bool IsTerminal(JobState state);

// What was asked. Never changes.
struct JobSpec {
  std::string id;  // UUIDv7
  Work work;
  Policy policy;
  std::string created_by;
  Time created{};
  std::string request_id;  // the caller's; unique
  std::string
      request_digest;  // of the whole request: the same id with another digest is another request
  // The operation that this job is a step of; empty if it stands alone.
  std::string operation;
  // The operation guides it: nothing is started before it has set a pace, and a task whose work is done is VERIFYING until it gives its proof.
  bool is_guided = false;
  // What was noticed of its targets when it was made, a sentence each: nodes without an agent, nodes left out.
  std::vector<std::string> remarks = {};
  bool operator==(const JobSpec&) const = default;
};

// How many tasks are in each state; index: TaskState.
using TaskCounts = std::array<uint32_t, kTaskStateCount>;

// Where a job stands.
struct JobStatus {
  JobState state = JobState::kRunning;
  std::string detail;  // why it ended as it did
  std::optional<Time> ended;
  uint64_t revision = 0;  // of the newest change of the job or its tasks
  bool operator==(const JobStatus&) const = default;
};

// "jobs/{id}", "jobs/{id}/tasks/{node}".
std::string JobName(const std::string& id);
std::string TaskName(const std::string& job_id, const std::string& node);

// The state in which a job ends, by the states of its tasks: CANCELLED if an operator cancelled it and a task ended so;
// SUCCEEDED if every task succeeded, was satisfied or not applicable and at least one succeeded or was satisfied; else FAILED.
JobState EndState(const TaskCounts& counts, bool cancelled);

}  // namespace muster
