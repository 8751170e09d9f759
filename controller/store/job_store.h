// What the controller writes down, and reads back after a restart.
//
// The engine decides what changes; the runner commits a batch of records with one sync before anything is sent or answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/messages.h"
#include "common/status.h"
#include "controller/engine/job.h"
#include "controller/engine/record.h"
#include "controller/engine/task.h"

namespace muster {

// Writing: runner thread only.
class JobStore {
 public:
  virtual ~JobStore() = default;
  // All records or none, synced. UNAVAILABLE or RESOURCE_EXHAUSTED with what the disk said: try again later.
  virtual absl::Status Commit(const std::vector<Record>& records) = 0;
  // Everything, at start.
  virtual absl::StatusOr<Loaded> Load() = 0;
  // The store's id, and how often it was opened.
  virtual const Epoch& epoch() const = 0;
};

// A job for a list: without its tasks.
struct JobSummary {
  JobSpec spec;
  JobStatus status;
  TaskCounts counts{};
};

// Tasks of a job that changed, in the order of their newest revisions, at most one entry for each task.
struct Changes {
  std::vector<Task> tasks;
  uint64_t revision = 0;     // go on after this
  bool is_complete = false;  // there was nothing more when this was read
};

// Reading what is durable, beside the writer. One thread at a time. NOT_FOUND for a job or task that is not there.
class JobReader {
 public:
  virtual ~JobReader() = default;
  virtual absl::StatusOr<JobSummary> GetJob(const std::string& id) = 0;
  // The newest first; those before `before_id` if it is not empty.
  virtual absl::StatusOr<std::vector<JobSummary>> ListJobs(size_t limit,
                                                           const std::string& before_id) = 0;
  virtual absl::StatusOr<Task> GetTask(const std::string& job, const std::string& node) = 0;
  // By node; those after `after_node` if it is not empty.
  virtual absl::StatusOr<std::vector<Task>> ListTasks(const std::string& job, size_t limit,
                                                      const std::string& after_node) = 0;
  virtual absl::StatusOr<Changes> ReadChanges(const std::string& job, uint64_t after_revision,
                                              size_t limit) = 0;
};

}  // namespace muster
