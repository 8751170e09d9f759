#include "controller/store/sqlite_job_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "controller/store/job_list_sql.h"
#include "controller/store/rows.h"
#include "controller/store/schema.h"

namespace muster {

struct SqliteJobReader::Statements {
  std::unique_ptr<SqliteStatement> begin;
  std::unique_ptr<SqliteStatement> find_job, nodes, newest, changed;
};

struct SqliteJobReader::JobRow {
  int64_t number = 0;
  uint64_t creation_revision = 0;
  JobSummary summary;
};

// A read transaction: everything read while it lives is from one moment. Statements must be reset before it ends.
class SqliteJobReader::Moment {
 public:
  explicit Moment(SqliteJobReader& reader)
      : reader_(reader), status_(reader.statements_->begin->Run()) {}
  ~Moment() { reader_.database_->Rollback(); }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  const absl::Status& status() const { return status_; }

 private:
  SqliteJobReader& reader_;
  absl::Status status_;
};

SqliteJobReader::SqliteJobReader(std::unique_ptr<SqliteDatabase> database)
    : database_(std::move(database)) {}

SqliteJobReader::~SqliteJobReader() = default;

absl::StatusOr<std::unique_ptr<SqliteJobReader>> SqliteJobReader::Open(
    const std::string& state_dir) {
  const std::string path = state_dir + "/" + kDatabaseFile;
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> database =
      SqliteDatabase::Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  absl::Status status = database.status();
  std::unique_ptr<SqliteJobReader> reader;
  if (status.ok()) {
    reader.reset(new SqliteJobReader(std::move(*database)));
    status = reader->database_->Execute("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000;");
  }
  if (status.ok()) status = reader->PrepareStatements();
  if (!status.ok())
    return MakeStatus(status.code(), "open {} for reading: {}", path, Message(status));
  return reader;
}

namespace {

// What ReadSummary reads; before it the job's number and the revision of its creation.
std::string SummaryColumns() {
  return fmt::format("number, job.revision, {}, {}", kJobColumns, kStatusColumns);
}

}  // namespace

absl::Status SqliteJobReader::PrepareStatements() {
  statements_ = std::make_unique<Statements>();
  Statements& all = *statements_;
  const std::vector<std::pair<std::unique_ptr<SqliteStatement>*, std::string>> sources = {
      {&all.begin, "BEGIN"},
      {&all.find_job,
       fmt::format("SELECT {} FROM job JOIN job_status ON job_status.job = job.number "
                   "WHERE deleted = 0 AND id = ?",
                   SummaryColumns())},
      {&all.nodes, "SELECT nodes FROM job_nodes WHERE job = ?"},
      {&all.newest, fmt::format("SELECT {} FROM transition WHERE job = ? AND node = ? "
                                "ORDER BY revision DESC LIMIT 1",
                                kTaskColumns)},
      {&all.changed,
       fmt::format(
           "SELECT {} FROM transition AS this WHERE job = ? AND revision > ? AND NOT EXISTS "
           "(SELECT 1 FROM transition AS newer WHERE newer.job = this.job "
           "AND newer.node = this.node AND newer.revision > this.revision) "
           "ORDER BY revision",
           kTaskColumns)},
  };
  for (const auto& [statement, sql] : sources) {
    absl::StatusOr<std::unique_ptr<SqliteStatement>> prepared = database_->Prepare(sql);
    MUSTER_RETURN_IF_ERROR(prepared.status());
    *statement = std::move(*prepared);
  }
  absl::StatusOr<std::unique_ptr<OperationTable>> operations = OperationTable::Make(*database_);
  MUSTER_RETURN_IF_ERROR(operations.status());
  operations_ = std::move(*operations);
  return absl::OkStatus();
}

absl::StatusOr<OperationRecord> SqliteJobReader::GetOperation(const std::string& id) {
  return operations_->Get(id);
}

absl::StatusOr<std::vector<std::string>> SqliteJobReader::OperationsOfContent(
    const std::string& content) {
  return operations_->OfContent(content);
}

absl::StatusOr<std::vector<OperationRecord>> SqliteJobReader::ListOperations(
    size_t limit, const std::string& before_id) {
  return operations_->List(limit, before_id);
}

namespace {

constexpr int kSpecColumn = 2;
constexpr int kStatusColumn = kSpecColumn + kJobColumnCount;
constexpr int kCountsColumn = kStatusColumn + 4;

absl::StatusOr<JobSummary> ReadSummary(const SqliteStatement& row) {
  absl::StatusOr<JobSpec> spec = ReadSpec(row, kSpecColumn);
  MUSTER_RETURN_IF_ERROR(spec.status());
  const absl::StatusOr<TaskCounts> counts = CountsFromText(row.Text(kCountsColumn));
  MUSTER_RETURN_IF_ERROR(counts.status());
  return JobSummary{std::move(*spec), ReadStatus(row, kStatusColumn), *counts};
}

}  // namespace

absl::StatusOr<SqliteJobReader::JobRow> SqliteJobReader::FindJob(const std::string& id) {
  SqliteStatement& find = *statements_->find_job;
  const SqliteReset reset(find);
  const absl::StatusOr<bool> row = find.BindText(1, id).Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  if (!*row)
    return MakeStatus(absl::StatusCode::kNotFound,
                      "there is no job {}; `muster job list` shows those that are kept", id);
  absl::StatusOr<JobSummary> summary = ReadSummary(find);
  MUSTER_RETURN_IF_ERROR(summary.status());
  return JobRow{find.Integer(0), static_cast<uint64_t>(find.Integer(1)), std::move(*summary)};
}

absl::StatusOr<std::span<const std::string>> SqliteJobReader::NodesAfter(
    const JobRow& job, const std::string& after_node) {
  if (nodes_job_ != job.summary.spec.id) {
    SqliteStatement& select = *statements_->nodes;
    const SqliteReset reset(select);
    const absl::StatusOr<bool> row = select.Bind(1, job.number).Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    nodes_ = SplitLines(*row ? select.Text(0) : std::string());
    nodes_job_ = job.summary.spec.id;
  }
  if (after_node.empty()) return std::span<const std::string>(nodes_);
  const auto it = std::lower_bound(nodes_.begin(), nodes_.end(), after_node);
  if (it == nodes_.end() || *it != after_node) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "job {} has no task of {:.200}",
                      job.summary.spec.id, after_node);
  }
  return std::span<const std::string>(it + 1, nodes_.end());
}

absl::StatusOr<std::optional<Task>> SqliteJobReader::NewestTransition(int64_t job_number,
                                                                      const std::string& node) {
  SqliteStatement& newest = *statements_->newest;
  const SqliteReset reset(newest);
  const absl::StatusOr<bool> row = newest.Bind(1, job_number).BindText(2, node).Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  if (!*row) return std::optional<Task>();
  absl::StatusOr<Task> task = ReadTask(newest, 0);
  MUSTER_RETURN_IF_ERROR(task.status());
  return std::optional<Task>(std::move(*task));
}

absl::StatusOr<JobSummary> SqliteJobReader::GetJob(const std::string& id) {
  absl::StatusOr<JobRow> job = FindJob(id);
  MUSTER_RETURN_IF_ERROR(job.status());
  return std::move(job->summary);
}

absl::StatusOr<std::vector<JobSummary>> SqliteJobReader::ListJobs(size_t limit,
                                                                  const std::string& before_id,
                                                                  const JobFilter& filter) {
  const absl::StatusOr<std::unique_ptr<SqliteStatement>> list =
      database_->Prepare(JobListSql(SummaryColumns(), filter));
  MUSTER_RETURN_IF_ERROR(list.status());
  // '~' is after every character of an id.
  (*list)->BindText(1, before_id.empty() ? "~" : before_id).Bind(2, static_cast<int64_t>(limit));
  if (!filter.created_by.empty()) (*list)->BindText(3, filter.created_by);
  std::vector<JobSummary> jobs;
  while (true) {
    const absl::StatusOr<bool> row = (*list)->Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return jobs;
    absl::StatusOr<JobSummary> job = ReadSummary(**list);
    MUSTER_RETURN_IF_ERROR(job.status());
    jobs.push_back(std::move(*job));
  }
}

absl::StatusOr<Task> SqliteJobReader::GetTask(const std::string& job, const std::string& node) {
  const Moment moment(*this);
  MUSTER_RETURN_IF_ERROR(moment.status());
  const absl::StatusOr<JobRow> row = FindJob(job);
  MUSTER_RETURN_IF_ERROR(row.status());
  absl::StatusOr<std::optional<Task>> newest = NewestTransition(row->number, node);
  MUSTER_RETURN_IF_ERROR(newest.status());
  if (newest->has_value()) return std::move(**newest);
  const absl::StatusOr<std::span<const std::string>> nodes = NodesAfter(*row, "");
  MUSTER_RETURN_IF_ERROR(nodes.status());
  if (!std::binary_search(nodes->begin(), nodes->end(), node))
    return MakeStatus(absl::StatusCode::kNotFound,
                      "job {} has no task of {}; `muster job show {}` names its nodes", job, node,
                      job);
  return PendingTask(row->summary.spec, node, row->creation_revision);
}

absl::StatusOr<std::vector<Task>> SqliteJobReader::ListTasks(const std::string& job, size_t limit,
                                                             const std::string& after_node) {
  const Moment moment(*this);
  MUSTER_RETURN_IF_ERROR(moment.status());
  const absl::StatusOr<JobRow> row = FindJob(job);
  MUSTER_RETURN_IF_ERROR(row.status());
  const absl::StatusOr<std::span<const std::string>> nodes = NodesAfter(*row, after_node);
  MUSTER_RETURN_IF_ERROR(nodes.status());
  const std::span<const std::string> page = nodes->first(std::min(nodes->size(), limit));
  std::vector<Task> tasks;
  tasks.reserve(page.size());
  for (const std::string& node : page) {
    absl::StatusOr<std::optional<Task>> newest = NewestTransition(row->number, node);
    MUSTER_RETURN_IF_ERROR(newest.status());
    tasks.push_back(newest->has_value()
                        ? std::move(**newest)
                        : PendingTask(row->summary.spec, node, row->creation_revision));
  }
  return tasks;
}

absl::StatusOr<Changes> SqliteJobReader::ReadChanges(const std::string& job,
                                                     const ChangesCursor& after, size_t limit) {
  const Moment moment(*this);
  MUSTER_RETURN_IF_ERROR(moment.status());
  const absl::StatusOr<JobRow> row = FindJob(job);
  MUSTER_RETURN_IF_ERROR(row.status());
  const uint64_t newest = row->summary.status.revision;
  if (after.revision > newest) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "job {} is at revision {}, not yet at {}: was that of another controller?",
                      job, newest, after.revision);
  }
  Changes changes;
  changes.job = row->summary;
  changes.next = after;
  limit = std::max<size_t>(limit, 1);
  if (after.revision < row->creation_revision)
    MUSTER_RETURN_IF_ERROR(AddUntouched(*row, after, limit, changes));
  if (changes.next.revision >= row->creation_revision && changes.tasks.size() < limit)
    MUSTER_RETURN_IF_ERROR(AddChanged(*row, changes.next.revision, limit, changes));
  if (changes.is_complete) changes.next.revision = newest;
  return changes;
}

// Tasks without a transition, as long as there is room; the creation's revision is passed when there are no more.
absl::Status SqliteJobReader::AddUntouched(const JobRow& job, const ChangesCursor& after,
                                           size_t limit, Changes& changes) {
  const absl::StatusOr<std::span<const std::string>> nodes = NodesAfter(job, after.node);
  MUSTER_RETURN_IF_ERROR(nodes.status());
  for (const std::string& node : *nodes) {
    if (changes.tasks.size() == limit) return absl::OkStatus();
    const absl::StatusOr<std::optional<Task>> newest = NewestTransition(job.number, node);
    MUSTER_RETURN_IF_ERROR(newest.status());
    if (!newest->has_value())
      changes.tasks.push_back(PendingTask(job.summary.spec, node, job.creation_revision));
    changes.next.node = node;
  }
  changes.next = {job.creation_revision, ""};
  return absl::OkStatus();
}

absl::Status SqliteJobReader::AddChanged(const JobRow& job, uint64_t after_revision, size_t limit,
                                         Changes& changes) {
  SqliteStatement& changed = *statements_->changed;
  const SqliteReset reset(changed);
  changed.Bind(1, job.number).Bind(2, static_cast<int64_t>(after_revision));
  while (true) {
    const absl::StatusOr<bool> row = changed.Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    changes.is_complete = !*row;
    if (changes.is_complete || changes.tasks.size() == limit) return absl::OkStatus();
    absl::StatusOr<Task> task = ReadTask(changed, 0);
    MUSTER_RETURN_IF_ERROR(task.status());
    changes.next = {task->revision, ""};
    changes.tasks.push_back(std::move(*task));
  }
}

}  // namespace muster
