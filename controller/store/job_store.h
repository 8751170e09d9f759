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
#include "controller/operation/operations.h"

namespace muster {

// Writing: runner thread only.
class JobStore {
 public:
  virtual ~JobStore() = default;
  // All records or none, synced. A LateOutcome or JobDeleted of a job that is gone does nothing. UNAVAILABLE or RESOURCE_EXHAUSTED with what the disk said: try again later. INTERNAL: the
  // records contradict what is stored (an unknown job, a revision given twice), which is our bug.
  virtual absl::Status Commit(const std::vector<Record>& records,
                              const std::vector<OperationRecord>& operations = {}) = 0;
  // At start: every job that has not ended, the newest `max_ended_jobs` of the others that have a task LOST, every request and every
  // node. Of those that have ended only the tasks LOST are given: of the others nothing can come any more. A history of years is not
  // read.
  virtual absl::StatusOr<Loaded> Load(size_t max_ended_jobs) = 0;
  // Likewise, the operations that have not ended.
  virtual absl::StatusOr<LoadedOperations> LoadOperations() = 0;
  // Housekeeping between batches, a bounded piece of it in a commit of its own: of each ended job's tasks only the newest row stays, and
  // what was deleted or is beyond the retention goes. True if there is more to do at once. Errors as of Commit, but never INTERNAL; and
  // DATA_LOSS.
  virtual absl::StatusOr<bool> Tidy(Time now) = 0;
  // The store's id, and how often it was opened.
  virtual const Epoch& epoch() const = 0;
};

// A job for a list: without its tasks.
struct JobSummary {
  JobSpec spec;
  JobStatus status;
  TaskCounts counts{};
};

// Which jobs of a list; what is not set narrows nothing.
struct JobFilter {
  std::vector<JobState> states = {};
  std::optional<Time> created_from = {};  // at or after it
  std::optional<Time> created_before = {};
  std::string created_by = {};
};

// Where a reader of a job's changes stands. Only the revision is durable; the node tells how far the tasks have been read that
// share the revision of the job's creation, and a reader that lost it reads those again.
struct ChangesCursor {
  uint64_t revision = 0;
  std::string node;
};

// One batch of a job's changes. All of it is from one moment.
//
// First come, if the cursor is before the job's creation, the tasks that nothing has happened to, in the order of nodes; then the
// others whose newest change is after the cursor, in the order of those changes, each once, as it is now. So the
// batches up to the first complete one, from revision 0 on, show every task of the job, no task ever goes back, and a change
// between two batches is in a later one. States that a task passed between two batches are not seen.
struct Changes {
  std::vector<Task> tasks;   // at most `limit`
  JobSummary job;            // as it is after all of its changes, not only these
  ChangesCursor next;        // go on from here
  bool is_complete = false;  // there was nothing more; `next.revision` is then the job's
};

// Reading what is durable, beside the writer. One thread at a time. NOT_FOUND for a job or task that is not there.
class JobReader {
 public:
  virtual ~JobReader() = default;
  virtual absl::StatusOr<JobSummary> GetJob(const std::string& id) = 0;
  // The newest first; those before `before_id` if it is not empty, be there such a job or not.
  virtual absl::StatusOr<std::vector<JobSummary>> ListJobs(size_t limit,
                                                           const std::string& before_id,
                                                           const JobFilter& filter = {}) = 0;
  virtual absl::StatusOr<Task> GetTask(const std::string& job, const std::string& node) = 0;
  // In the order of the job's nodes; those after `after_node` if it is not empty. INVALID_ARGUMENT if that is none of them.
  virtual absl::StatusOr<std::vector<Task>> ListTasks(const std::string& job, size_t limit,
                                                      const std::string& after_node) = 0;
  virtual absl::StatusOr<OperationRecord> GetOperation(const std::string& id) = 0;
  // The newest first; those before `before_id` if it is not empty.
  virtual absl::StatusOr<std::vector<OperationRecord>> ListOperations(
      size_t limit, const std::string& before_id) = 0;
  // Of that content, the oldest first: their ids.
  virtual absl::StatusOr<std::vector<std::string>> OperationsOfContent(
      const std::string& content) = 0;
  // `limit` is at least 1. INVALID_ARGUMENT if the cursor is after the job's newest change: it is of another store.
  virtual absl::StatusOr<Changes> ReadChanges(const std::string& job, const ChangesCursor& after,
                                              size_t limit) = 0;
};

}  // namespace muster
