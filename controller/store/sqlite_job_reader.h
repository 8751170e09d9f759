// The JobReader on SQLite: a connection of its own that only reads, beside the writer's. What it reads is durable, and each call
// reads one moment. One thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "controller/store/job_store.h"
#include "controller/store/operation_table.h"
#include "controller/store/sqlite.h"

namespace muster {

class SqliteJobReader final : public JobReader {
 public:
  // A SqliteJobStore must have opened the directory before.
  static absl::StatusOr<std::unique_ptr<SqliteJobReader>> Open(const std::string& state_dir);
  ~SqliteJobReader() override;

  absl::StatusOr<JobSummary> GetJob(const std::string& id) override;
  absl::StatusOr<std::vector<JobSummary>> ListJobs(size_t limit, const std::string& before_id,
                                                   const JobFilter& filter = {}) override;
  absl::StatusOr<Task> GetTask(const std::string& job, const std::string& node) override;
  absl::StatusOr<std::vector<Task>> ListTasks(const std::string& job, size_t limit,
                                              const std::string& after_node) override;
  absl::StatusOr<OperationRecord> GetOperation(const std::string& id) override;
  absl::StatusOr<std::vector<OperationRecord>> ListOperations(
      size_t limit, const std::string& before_id) override;
  absl::StatusOr<std::vector<std::string>> OperationsOfContent(const std::string& content) override;
  absl::StatusOr<Changes> ReadChanges(const std::string& job, const ChangesCursor& after,
                                      size_t limit) override;

 private:
  struct Statements;
  struct JobRow;
  class Moment;

  explicit SqliteJobReader(std::unique_ptr<SqliteDatabase> database);
  absl::Status PrepareStatements();

  absl::StatusOr<JobRow> FindJob(const std::string& id);
  // The job's nodes after `after_node`, all for an empty one. Until it is asked for those of another job.
  absl::StatusOr<std::span<const std::string>> NodesAfter(const JobRow& job,
                                                          const std::string& after_node);
  // Nothing if the task is as it was made.
  absl::StatusOr<std::optional<Task>> NewestTransition(int64_t job_number, const std::string& node);
  absl::Status AddUntouched(const JobRow& job, const ChangesCursor& after, size_t limit,
                            Changes& changes);
  absl::Status AddChanged(const JobRow& job, uint64_t after_revision, size_t limit,
                          Changes& changes);

  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<Statements> statements_;      // goes before the database
  std::unique_ptr<OperationTable> operations_;  // likewise
  // Of the job that was asked for last: a job is read in many pieces, and its nodes never change.
  std::string nodes_job_;
  std::vector<std::string> nodes_;
};

}  // namespace muster
