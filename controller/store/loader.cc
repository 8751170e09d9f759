// Of a task's transitions only the newest is read: the index (job, node, revision) gives the newest revision of each node, in
// nodes' binary order, and the rows are fetched by it.
#include "controller/store/loader.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "controller/store/rows.h"

namespace muster {
namespace {

struct JobRow {
  int64_t number = 0;
  StoredJob job;  // all tasks PENDING
};

// Those that have not ended, and of the others the newest that have a task LOST.
absl::StatusOr<std::vector<int64_t>> JobsToLoad(SqliteDatabase& database, size_t max_ended_jobs) {
  absl::StatusOr<std::unique_ptr<SqliteStatement>> select = database.Prepare(
      "SELECT job, state, counts FROM job_status WHERE deleted = 0 ORDER BY job DESC");
  MUSTER_RETURN_IF_ERROR(select.status());
  std::vector<int64_t> jobs;
  for (size_t ended = 0; true;) {
    const absl::StatusOr<bool> row = (*select)->Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return jobs;
    if ((*select)->Integer(1) >= kFirstEndedState) {
      const absl::StatusOr<TaskCounts> counts = CountsFromText((*select)->Text(2));
      MUSTER_RETURN_IF_ERROR(counts.status());
      const bool may_hear_more = (*counts)[static_cast<size_t>(TaskState::kLost)] > 0;
      if (!may_hear_more || ended == max_ended_jobs) continue;
      ++ended;
    }
    jobs.push_back((*select)->Integer(0));
  }
}

absl::StatusOr<JobRow> ReadJobRow(const SqliteStatement& row) {
  JobRow result;
  absl::StatusOr<JobSpec> spec = ReadSpec(row, 1);
  MUSTER_RETURN_IF_ERROR(spec.status());
  result.number = row.Integer(0);
  result.job.spec = std::move(*spec);
  const auto revision = static_cast<uint64_t>(row.Integer(kJobColumnCount + 2));
  for (const std::string& node : SplitLines(row.Text(kJobColumnCount + 1)))
    result.job.tasks.push_back(PendingTask(result.job.spec, node, revision));
  result.job.status = ReadStatus(row, kJobColumnCount + 3);
  return result;
}

absl::StatusOr<std::vector<JobRow>> ReadJobs(SqliteDatabase& database, size_t max_ended_jobs) {
  const absl::StatusOr<std::vector<int64_t>> numbers = JobsToLoad(database, max_ended_jobs);
  MUSTER_RETURN_IF_ERROR(numbers.status());
  absl::StatusOr<std::unique_ptr<SqliteStatement>> select =
      database.Prepare(fmt::format("SELECT number, {}, nodes, job.revision, {} FROM job "
                                   "JOIN job_status ON job_status.job = number "
                                   "JOIN job_nodes ON job_nodes.job = number WHERE number = ?",
                                   kJobColumns, kStatusColumns));
  MUSTER_RETURN_IF_ERROR(select.status());
  std::vector<JobRow> jobs;
  for (const int64_t number : *numbers) {
    const SqliteReset reset(**select);
    const absl::StatusOr<bool> row = (*select)->Bind(1, number).Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return MakeStatus(absl::StatusCode::kDataLoss, "job number {} has no row", number);
    absl::StatusOr<JobRow> job = ReadJobRow(**select);
    MUSTER_RETURN_IF_ERROR(job.status());
    jobs.push_back(std::move(*job));
  }
  std::sort(jobs.begin(), jobs.end(),
            [](const JobRow& a, const JobRow& b) { return a.job.spec.id < b.job.spec.id; });
  return jobs;
}

// `newest` is prepared once for all jobs.
absl::Status ReadNewestTasks(SqliteStatement& newest, JobRow& row) {
  std::vector<Task>& tasks = row.job.tasks;
  std::unordered_map<std::string_view, size_t> positions;  // for look-up only; keys are from spec
  std::vector<std::string> names;
  names.reserve(tasks.size());
  for (const Task& task : tasks) names.push_back(task.node);
  for (size_t i = 0; i < names.size(); ++i) positions.emplace(names[i], i);

  const SqliteReset reset(newest);
  newest.Bind(1, row.number);
  while (true) {
    const absl::StatusOr<bool> more = newest.Step();
    MUSTER_RETURN_IF_ERROR(more.status());
    if (!*more) return absl::OkStatus();
    absl::StatusOr<Task> task = ReadTask(newest, 0);
    MUSTER_RETURN_IF_ERROR(task.status());
    const auto position = positions.find(task->node);
    if (position == positions.end()) {
      return MakeStatus(absl::StatusCode::kDataLoss, "job {} has no task of {}", row.job.spec.id,
                        task->node);
    }
    tasks[position->second] = std::move(*task);
  }
}

absl::StatusOr<std::vector<StoredRequest>> ReadRequests(SqliteDatabase& database) {
  absl::StatusOr<std::unique_ptr<SqliteStatement>> select = database.Prepare(
      "SELECT request_id, request_digest, id FROM job UNION ALL "
      "SELECT request_id, request_digest, job FROM gone_request ORDER BY 3");
  MUSTER_RETURN_IF_ERROR(select.status());
  std::vector<StoredRequest> requests;
  while (true) {
    const absl::StatusOr<bool> row = (*select)->Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return requests;
    requests.push_back({(*select)->Text(0), (*select)->Text(1), (*select)->Text(2)});
  }
}

absl::StatusOr<std::vector<NodeSeen>> ReadNodes(SqliteDatabase& database) {
  absl::StatusOr<std::unique_ptr<SqliteStatement>> select =
      database.Prepare("SELECT node, aliases, seen FROM node_seen ORDER BY node");
  MUSTER_RETURN_IF_ERROR(select.status());
  std::vector<NodeSeen> nodes;
  while (true) {
    const absl::StatusOr<bool> row = (*select)->Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return nodes;
    nodes.push_back(
        {(*select)->Text(0), SplitLines((*select)->Text(1)), TimeOf((*select)->Integer(2))});
  }
}

}  // namespace

absl::StatusOr<Loaded> LoadNewest(SqliteDatabase& database, size_t max_ended_jobs) {
  Loaded loaded;
  absl::StatusOr<std::vector<JobRow>> rows = ReadJobs(database, max_ended_jobs);
  MUSTER_RETURN_IF_ERROR(rows.status());
  absl::StatusOr<std::unique_ptr<SqliteStatement>> newest = database.Prepare(
      fmt::format("SELECT {} FROM transition WHERE revision IN "
                  "(SELECT max(revision) FROM transition WHERE job = ? GROUP BY node)",
                  kTaskColumns));
  MUSTER_RETURN_IF_ERROR(newest.status());
  for (JobRow& row : *rows) {
    MUSTER_RETURN_IF_ERROR(ReadNewestTasks(**newest, row));
    loaded.jobs.push_back(std::move(row.job));
  }
  absl::StatusOr<std::vector<StoredRequest>> requests = ReadRequests(database);
  MUSTER_RETURN_IF_ERROR(requests.status());
  loaded.requests = std::move(*requests);
  const absl::StatusOr<int64_t> revision = database.QueryInteger(
      "SELECT max(ifnull(max(revision), 0), "
      "(SELECT gone_revision FROM meta)) FROM job_status");
  MUSTER_RETURN_IF_ERROR(revision.status());
  loaded.revision = static_cast<uint64_t>(*revision);
  absl::StatusOr<std::vector<NodeSeen>> nodes = ReadNodes(database);
  MUSTER_RETURN_IF_ERROR(nodes.status());
  loaded.nodes = std::move(*nodes);
  return loaded;
}

}  // namespace muster
