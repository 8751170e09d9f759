// What changed, to be written down before anything is said about it. Plain data; the store keeps it.
//
// Revisions are given by the engine: they grow by one with each record of a job or task and are never used twice.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/time.h"
#include "controller/engine/job.h"
#include "controller/engine/task.h"

namespace muster {

// A new job with all its tasks PENDING, at `revision`.
struct JobCreated {
  JobSpec spec;
  std::vector<std::string> nodes;  // sorted
  uint64_t revision = 0;
};

// The job is now as in `status`.
struct JobChanged {
  std::string job;
  JobStatus status;
};

// The task is now as in `task`, whose revision is this record's.
struct TaskChanged {
  std::string job;
  Task task;
};

// An outcome came after the task had ended: the task is as it was, but for this. When it ended stays what it was, too.
struct LateOutcome {
  std::string job;
  std::string node;
  uint64_t revision = 0;
  Outcome outcome;
};

// An ended job that nobody wants to see any more. One that is not in the store is no error.
struct JobDeleted {
  std::string job;
};

// A node attached that was not known, or its aliases changed.
struct NodeSeen {
  std::string node;
  std::vector<std::string> aliases;
  Time seen{};
};

using Record = std::variant<JobCreated, JobChanged, TaskChanged, LateOutcome, JobDeleted, NodeSeen>;

// The id of the job that it is of; null: of none.
const std::string* JobOf(const Record& record);

// What the store gives back at start: a job with all that is known of it.
struct StoredJob {
  JobSpec spec;
  JobStatus status;
  std::vector<Task> tasks;  // sorted by node
};

// Which job a request made, or which operation.
struct StoredRequest {
  std::string request_id;
  std::string request_digest;
  std::string job;
};

struct Loaded {
  // All that have not ended, and the newest of those that have with a task LOST, whose outcome may yet come; sorted by id,
  // which is by time.
  std::vector<StoredJob> jobs;
  std::vector<StoredRequest> requests;  // of all jobs, likewise
  std::vector<NodeSeen> nodes;          // sorted by node
  uint64_t revision = 0;                // the highest ever given
};

}  // namespace muster
