// Of a task's transitions only the newest is read: the index (job, node, revision) gives the newest revision of each node, in
// nodes' binary order, and the rows are fetched by it.
#include "controller/store/loader.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "controller/store/rows.h"

namespace muster {
namespace {

constexpr auto kLostState = static_cast<int64_t>(TaskState::kLost);

struct JobRow {
  int64_t number = 0;
  uint64_t revision = 0;  // of its creation
  StoredJob job;          // without its tasks
};

struct Queries {
  std::unique_ptr<SqliteStatement> job, nodes, newest, newest_lost;
};

absl::StatusOr<Queries> PrepareQueries(SqliteDatabase& database) {
  const std::string newest =
      fmt::format("SELECT {} FROM transition WHERE revision IN ", kTaskColumns);
  Queries queries;
  const std::vector<std::pair<std::unique_ptr<SqliteStatement>*, std::string>> sources = {
      {&queries.job, fmt::format("SELECT {}, job.revision, {} FROM job JOIN job_status "
                                 "ON job_status.job = number WHERE number = ?",
                                 kJobColumns, kStatusColumns)},
      {&queries.nodes, "SELECT nodes FROM job_nodes WHERE job = ?"},
      {&queries.newest,
       newest + "(SELECT max(revision) FROM transition WHERE job = ? GROUP BY node)"},
      // `state` is that of the row with the highest revision: "bare columns" of lang_select.html.
      {&queries.newest_lost,
       newest + fmt::format("(SELECT newest FROM (SELECT max(revision) AS newest, state FROM "
                            "transition WHERE job = ? GROUP BY node) WHERE state = {})",
                            kLostState)},
  };
  for (const auto& [query, sql] : sources) {
    absl::StatusOr<std::unique_ptr<SqliteStatement>> prepared = database.Prepare(sql);
    MUSTER_RETURN_IF_ERROR(prepared.status());
    *query = std::move(*prepared);
  }
  return queries;
}

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
      const bool may_hear_more = (*counts)[kLostState] > 0;
      if (!may_hear_more || ended == max_ended_jobs) continue;
      ++ended;
    }
    jobs.push_back((*select)->Integer(0));
  }
}

absl::StatusOr<JobRow> ReadJob(SqliteStatement& select, int64_t number) {
  const SqliteReset reset(select);
  const absl::StatusOr<bool> row = select.Bind(1, number).Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  if (!*row) return MakeStatus(absl::StatusCode::kDataLoss, "job number {} has no row", number);
  absl::StatusOr<JobSpec> spec = ReadSpec(select, 0);
  MUSTER_RETURN_IF_ERROR(spec.status());
  JobRow result;
  result.number = number;
  result.revision = static_cast<uint64_t>(select.Integer(kJobColumnCount));
  result.job.spec = std::move(*spec);
  result.job.status = ReadStatus(select, kJobColumnCount + 1);
  return result;
}

// All PENDING.
absl::StatusOr<std::vector<Task>> MakeTasks(SqliteStatement& select, const JobRow& row) {
  const SqliteReset reset(select);
  const absl::StatusOr<bool> has_nodes = select.Bind(1, row.number).Step();
  MUSTER_RETURN_IF_ERROR(has_nodes.status());
  const std::vector<std::string> nodes = SplitLines(*has_nodes ? select.Text(0) : std::string());
  std::vector<Task> tasks;
  tasks.reserve(nodes.size());
  for (const std::string& node : nodes)
    tasks.push_back(PendingTask(row.job.spec, node, row.revision));
  return tasks;
}

// Calls `take` with each task that the query gives.
template <typename Take>
absl::Status ForEachTask(SqliteStatement& select, int64_t job, Take take) {
  const SqliteReset reset(select);
  select.Bind(1, job);
  while (true) {
    const absl::StatusOr<bool> more = select.Step();
    MUSTER_RETURN_IF_ERROR(more.status());
    if (!*more) return absl::OkStatus();
    absl::StatusOr<Task> task = ReadTask(select, 0);
    MUSTER_RETURN_IF_ERROR(task.status());
    MUSTER_RETURN_IF_ERROR(take(std::move(*task)));
  }
}

absl::Status ReadAllTasks(Queries& queries, JobRow& row) {
  absl::StatusOr<std::vector<Task>> tasks = MakeTasks(*queries.nodes, row);
  MUSTER_RETURN_IF_ERROR(tasks.status());
  std::unordered_map<std::string, size_t> positions;  // for look-up only
  for (size_t i = 0; i < tasks->size(); ++i) positions.emplace((*tasks)[i].node, i);
  row.job.tasks = std::move(*tasks);
  return ForEachTask(*queries.newest, row.number, [&](Task task) -> absl::Status {
    const auto position = positions.find(task.node);
    if (position == positions.end()) {
      return MakeStatus(absl::StatusCode::kDataLoss, "job {} has no task of {}", row.job.spec.id,
                        task.node);
    }
    row.job.tasks[position->second] = std::move(task);
    return absl::OkStatus();
  });
}

absl::Status ReadLostTasks(Queries& queries, JobRow& row) {
  std::vector<Task>& tasks = row.job.tasks;
  MUSTER_RETURN_IF_ERROR(ForEachTask(*queries.newest_lost, row.number, [&](Task task) {
    tasks.push_back(std::move(task));
    return absl::OkStatus();
  }));
  std::sort(tasks.begin(), tasks.end(),
            [](const Task& a, const Task& b) { return a.node < b.node; });
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredJob>> ReadJobs(SqliteDatabase& database, size_t max_ended_jobs) {
  const absl::StatusOr<std::vector<int64_t>> numbers = JobsToLoad(database, max_ended_jobs);
  MUSTER_RETURN_IF_ERROR(numbers.status());
  absl::StatusOr<Queries> queries = PrepareQueries(database);
  MUSTER_RETURN_IF_ERROR(queries.status());
  std::vector<StoredJob> jobs;
  for (const int64_t number : *numbers) {
    absl::StatusOr<JobRow> row = ReadJob(*queries->job, number);
    MUSTER_RETURN_IF_ERROR(row.status());
    MUSTER_RETURN_IF_ERROR(IsTerminal(row->job.status.state) ? ReadLostTasks(*queries, *row)
                                                             : ReadAllTasks(*queries, *row));
    jobs.push_back(std::move(row->job));
  }
  std::sort(jobs.begin(), jobs.end(),
            [](const StoredJob& a, const StoredJob& b) { return a.spec.id < b.spec.id; });
  return jobs;
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
  absl::StatusOr<std::vector<StoredJob>> jobs = ReadJobs(database, max_ended_jobs);
  MUSTER_RETURN_IF_ERROR(jobs.status());
  loaded.jobs = std::move(*jobs);
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
