// Rows of muster.db as the engine's plain data, and back. See schema.cc. No state; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/engine/job.h"
#include "controller/engine/task.h"
#include "controller/store/job_store.h"
#include "controller/store/sqlite.h"

namespace muster {

// Names or aliases, one a line.
std::string JoinLines(const std::vector<std::string>& lines);
std::vector<std::string> SplitLines(const std::string& text);

// `counts` of job_status. DATA_LOSS for a text that is none.
std::string CountsText(const TaskCounts& counts);
absl::StatusOr<TaskCounts> CountsFromText(const std::string& text);

void BindOutcome(SqliteStatement& statement, int index, const Boxed<Outcome>& outcome);

// The columns of `transition` but for job, in this order.
inline constexpr char kTaskColumns[] =
    "revision, node, state, attempt, reason, detail, incarnation, first_sent, last_sent, "
    "execution_deadline, updated, outcome, late_outcome";
inline constexpr int kTaskColumnCount = 13;
// `first` is the index of the first of kTaskColumns among the statement's parameters or columns.
void BindTask(SqliteStatement& statement, int first, const Task& task);
absl::StatusOr<Task> ReadTask(const SqliteStatement& statement, int first);

// The columns of `job` but for number and revision, in this order.
inline constexpr char kJobColumns[] =
    "id, request_id, request_digest, work, policy, created_by, created, operation, guided, remarks";
inline constexpr int kJobColumnCount = 10;
void BindSpec(SqliteStatement& statement, int first, const JobSpec& spec);
absl::StatusOr<JobSpec> ReadSpec(const SqliteStatement& statement, int first);

// The columns of `job_status` that people see, in this order.
inline constexpr char kStatusColumns[] = "state, detail, ended, job_status.revision, counts";
JobStatus ReadStatus(const SqliteStatement& statement, int first);

// The first of the states in which a job has ended; all later ones are such, too.
inline constexpr auto kFirstEndedState = static_cast<int64_t>(JobState::kSucceeded);

// A task that nothing has happened to yet.
Task PendingTask(const JobSpec& spec, const std::string& node, uint64_t creation_revision);

int64_t Nanoseconds(Time time);
Time TimeOf(int64_t nanoseconds);

}  // namespace muster
