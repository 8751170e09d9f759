#include "controller/store/sqlite_job_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "common/log.h"
#include "common/uuid.h"
#include "controller/store/loader.h"
#include "controller/store/rows.h"
#include "controller/store/schema.h"
#include "controller/store/store_copy.h"

namespace muster {
namespace {

constexpr size_t kPending = static_cast<size_t>(TaskState::kPending);

// A new file's name is durable only when its directory is.
absl::Status SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "open " + path);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  return result == 0 ? absl::OkStatus() : ErrnoStatus(error, "sync " + path);
}

absl::Status MakeStateDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return ErrnoStatus(errno, "make the state directory " + path);
  return absl::OkStatus();
}

// What opening said, with the file's name; a damaged file is for people, not for trying again.
absl::Status OpenError(const absl::Status& status, const std::string& path) {
  if (status.code() == absl::StatusCode::kFailedPrecondition) return status;
  if (status.code() == absl::StatusCode::kDataLoss) {
    return MakeStatus(
        absl::StatusCode::kFailedPrecondition,
        "{0} is damaged or no database ({1}): move it away with what is beside it (mv {0}* "
        "DIRECTORY), then start musterd to begin empty, or put a backup in its place and start "
        "musterd once with --restored",
        path, Message(status));
  }
  return MakeStatus(status.code(), "open {}: {}", path, Message(status));
}

// A write-ahead log does not say whose it is: SQLite would put what an older store has left there into the backup.
absl::Status CheckIsAlone(const std::string& path) {
  const std::string log = path + "-wal";
  std::error_code no_file;
  const std::uintmax_t bytes = std::filesystem::file_size(log, no_file);
  if (no_file || bytes == 0) return absl::OkStatus();
  return MakeStatus(
      absl::StatusCode::kFailedPrecondition,
      "--restored: {0} has a write-ahead log beside it: if {1} is of the store that was there "
      "before, move it away (mv {0}-* DIRECTORY); if it came with this one, start musterd without "
      "--restored and stop it first, which takes it in",
      path, log);
}

}  // namespace

struct SqliteJobStore::Statements {
  std::unique_ptr<SqliteStatement> begin, commit;
  std::unique_ptr<SqliteStatement> insert_job, insert_status, insert_nodes, insert_transition;
  std::unique_ptr<SqliteStatement> find_job, previous_state, update_counts, update_status;
  std::unique_ptr<SqliteStatement> add_late_outcome, delete_job, upsert_node;
};

// Jobs as they were when the commit began and as its records change them: their counts go to disk once, at its end.
class SqliteJobStore::Batch {
 public:
  Batch(SqliteDatabase& database, Statements& statements)
      : database_(database), statements_(statements) {}

  absl::Status Add(const JobCreated& record);
  absl::Status Add(const JobChanged& record);
  absl::Status Add(const TaskChanged& record);
  absl::Status Add(const LateOutcome& record);
  absl::Status Add(const JobDeleted& record);
  absl::Status Add(const NodeSeen& record);
  absl::Status WriteCounts();

 private:
  struct Touched {
    int64_t number = 0;
    uint64_t revision = 0;
    TaskCounts counts{};
  };
  // Nothing if there is no such job, or it was deleted.
  absl::StatusOr<Touched*> Find(const std::string& job);
  // INTERNAL then.
  absl::StatusOr<Touched*> Expect(const std::string& job);
  absl::StatusOr<TaskState> PreviousState(int64_t number, const std::string& node);

  SqliteDatabase& database_;
  Statements& statements_;
  std::map<std::string, Touched> touched_;
};

absl::StatusOr<SqliteJobStore::Batch::Touched*> SqliteJobStore::Batch::Find(
    const std::string& job) {
  if (const auto it = touched_.find(job); it != touched_.end()) return &it->second;
  SqliteStatement& find = *statements_.find_job;
  const SqliteReset reset(find);
  const absl::StatusOr<bool> row = find.BindText(1, job).Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  if (!*row) return nullptr;
  const absl::StatusOr<TaskCounts> counts = CountsFromText(find.Text(2));
  MUSTER_RETURN_IF_ERROR(counts.status());
  const Touched touched{find.Integer(0), static_cast<uint64_t>(find.Integer(1)), *counts};
  return &touched_.emplace(job, touched).first->second;
}

absl::StatusOr<SqliteJobStore::Batch::Touched*> SqliteJobStore::Batch::Expect(
    const std::string& job) {
  absl::StatusOr<Touched*> found = Find(job);
  if (!found.ok() || *found != nullptr) return found;
  return MakeStatus(absl::StatusCode::kInternal, "job {} is not in the store", job);
}

absl::StatusOr<TaskState> SqliteJobStore::Batch::PreviousState(int64_t number,
                                                               const std::string& node) {
  SqliteStatement& previous = *statements_.previous_state;
  const SqliteReset reset(previous);
  const absl::StatusOr<bool> row = previous.Bind(1, number).BindText(2, node).Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  return *row ? static_cast<TaskState>(previous.Integer(0)) : TaskState::kPending;
}

absl::Status SqliteJobStore::Batch::Add(const JobCreated& record) {
  SqliteStatement& job = *statements_.insert_job;
  BindSpec(job, 1, record.spec);
  job.Bind(kJobColumnCount + 1, static_cast<int64_t>(record.revision));
  MUSTER_RETURN_IF_ERROR(job.Run());

  TaskCounts counts{};
  counts[kPending] = static_cast<uint32_t>(record.nodes.size());
  SqliteStatement& status = *statements_.insert_status;
  status.Bind(1, static_cast<int64_t>(JobState::kRunning));
  status.Bind(2, static_cast<int64_t>(record.revision));
  status.BindText(3, CountsText(counts));
  MUSTER_RETURN_IF_ERROR(status.Run());  // its `job` is last_insert_rowid(), and is it still
  return statements_.insert_nodes->BindText(1, JoinLines(record.nodes)).Run();
}

absl::Status SqliteJobStore::Batch::Add(const JobChanged& record) {
  const absl::StatusOr<Touched*> job = Expect(record.job);
  MUSTER_RETURN_IF_ERROR(job.status());
  (*job)->revision = std::max((*job)->revision, record.status.revision);
  SqliteStatement& update = *statements_.update_status;
  update.Bind(1, static_cast<int64_t>(record.status.state));
  update.BindText(2, record.status.detail);
  if (record.status.ended) {
    update.Bind(3, Nanoseconds(*record.status.ended));
  } else {
    update.BindNull(3);
  }
  return update.Bind(4, (*job)->number).Run();
}

absl::Status SqliteJobStore::Batch::Add(const TaskChanged& record) {
  const absl::StatusOr<Touched*> job = Expect(record.job);
  MUSTER_RETURN_IF_ERROR(job.status());
  const absl::StatusOr<TaskState> previous = PreviousState((*job)->number, record.task.node);
  MUSTER_RETURN_IF_ERROR(previous.status());
  uint32_t& leaving = (*job)->counts[static_cast<size_t>(*previous)];
  if (leaving == 0) {
    return MakeStatus(absl::StatusCode::kInternal, "job {} has no task of {}", record.job,
                      record.task.node);
  }
  --leaving;
  ++(*job)->counts[static_cast<size_t>(record.task.state)];
  (*job)->revision = std::max((*job)->revision, record.task.revision);
  SqliteStatement& insert = *statements_.insert_transition;
  insert.Bind(1, (*job)->number);
  BindTask(insert, 2, record.task);
  return insert.Run();
}

absl::Status SqliteJobStore::Batch::Add(const LateOutcome& record) {
  const absl::StatusOr<Touched*> job = Find(record.job);
  MUSTER_RETURN_IF_ERROR(job.status());
  if (*job == nullptr) return absl::OkStatus();
  SqliteStatement& add = *statements_.add_late_outcome;
  add.Bind(1, static_cast<int64_t>(record.revision));
  BindOutcome(add, 2, record.outcome);
  MUSTER_RETURN_IF_ERROR(add.Bind(3, (*job)->number).BindText(4, record.node).Run());
  if (database_.ChangedRows() == 0) {
    return MakeStatus(absl::StatusCode::kInternal, "job {} has no ended task of {}", record.job,
                      record.node);
  }
  (*job)->revision = std::max((*job)->revision, record.revision);
  return absl::OkStatus();
}

absl::Status SqliteJobStore::Batch::Add(const JobDeleted& record) {
  const absl::StatusOr<Touched*> job = Find(record.job);
  MUSTER_RETURN_IF_ERROR(job.status());
  if (*job == nullptr) return absl::OkStatus();
  MUSTER_RETURN_IF_ERROR(statements_.delete_job->Bind(1, (*job)->number).Run());
  if (database_.ChangedRows() > 0) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kInternal, "job {} has not ended", record.job);
}

absl::Status SqliteJobStore::Batch::Add(const NodeSeen& record) {
  SqliteStatement& upsert = *statements_.upsert_node;
  upsert.BindText(1, record.node);
  upsert.BindText(2, JoinLines(record.aliases));
  return upsert.Bind(3, Nanoseconds(record.seen)).Run();
}

absl::Status SqliteJobStore::Batch::WriteCounts() {
  SqliteStatement& update = *statements_.update_counts;
  for (const auto& [id, job] : touched_) {
    update.Bind(1, static_cast<int64_t>(job.revision));
    update.BindText(2, CountsText(job.counts));
    MUSTER_RETURN_IF_ERROR(update.Bind(3, job.number).Run());
  }
  return absl::OkStatus();
}

SqliteJobStore::SqliteJobStore(std::string path, StateLock lock,
                               std::unique_ptr<SqliteDatabase> database)
    : path_(std::move(path)), lock_(std::move(lock)), database_(std::move(database)) {}

SqliteJobStore::~SqliteJobStore() = default;

absl::StatusOr<std::unique_ptr<SqliteJobStore>> SqliteJobStore::Open(const std::string& state_dir,
                                                                     StoreOptions options) {
  MUSTER_RETURN_IF_ERROR(MakeStateDirectory(state_dir));
  absl::StatusOr<StateLock> lock = StateLock::Acquire(state_dir);
  MUSTER_RETURN_IF_ERROR(lock.status());
  RemoveUnfinishedCopy(state_dir);
  const std::string path = state_dir + "/" + kDatabaseFile;
  if (options.is_restored) MUSTER_RETURN_IF_ERROR(CheckIsAlone(path));
  // A first start that was killed leaves such a file; so do others who damage it.
  std::error_code no_file;
  const bool is_empty = std::filesystem::file_size(path, no_file) == 0;
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> database =
      SqliteDatabase::Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  if (!database.ok()) return OpenError(database.status(), path);
  std::unique_ptr<SqliteJobStore> store(
      new SqliteJobStore(path, std::move(*lock), std::move(*database)));
  // Only a backup or a person with sqlite3 could hold the file; they get this long.
  absl::Status status = store->database_->Execute("PRAGMA busy_timeout = 5000");
  // What is refused stays as it is, with its write-ahead log.
  store->database_->SetCheckpointAtClose(false);
  if (status.ok()) status = PrepareSchema(*store->database_, path);
  if (status.ok()) status = store->PrepareStatements(options.retention);
  if (status.ok()) status = store->CountOpening(options.is_restored);
  if (!status.ok()) return OpenError(status, path);
  store->database_->SetCheckpointAtClose(true);
  if (is_empty) log::Warning("the store was an empty file, and is a new one now file={}", path);
  MUSTER_RETURN_IF_ERROR(SyncDirectory(state_dir));
  return store;
}

absl::Status SqliteJobStore::CountOpening(bool is_restored) {
  const std::string id = NewUuid();
  const std::string count = is_restored
                                ? fmt::format("UPDATE meta SET store_id = '{}', counter = 1", id)
                                : "UPDATE meta SET counter = counter + 1";
  MUSTER_RETURN_IF_ERROR(database_->Execute(
      fmt::format("BEGIN IMMEDIATE; INSERT OR IGNORE INTO meta (id, store_id, counter) "
                  "VALUES (1, '{}', 0); {}; COMMIT;",
                  id, count)));
  absl::StatusOr<std::unique_ptr<SqliteStatement>> select =
      database_->Prepare("SELECT store_id, counter FROM meta");
  MUSTER_RETURN_IF_ERROR(select.status());
  const absl::StatusOr<bool> row = (*select)->Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  epoch_ = {(*select)->Text(0), static_cast<uint64_t>((*select)->Integer(1))};
  if (is_restored)
    log::Warning("the store has a new id, because of --restored: agents accept it id={}", id);
  return absl::OkStatus();
}

absl::Status SqliteJobStore::PrepareStatements(const Retention& retention) {
  statements_ = std::make_unique<Statements>();
  Statements& all = *statements_;
  const std::vector<std::pair<std::unique_ptr<SqliteStatement>*, std::string>> sources = {
      {&all.begin, "BEGIN IMMEDIATE"},
      {&all.commit, "COMMIT"},
      {&all.insert_job,
       fmt::format("INSERT INTO job ({}, revision) VALUES (?,?,?,?,?,?,?,?,?,?,?)", kJobColumns)},
      {&all.insert_status,
       "INSERT INTO job_status (job, state, detail, revision, counts) "
       "VALUES (last_insert_rowid(), ?, '', ?, ?)"},
      {&all.insert_nodes, "INSERT INTO job_nodes VALUES (last_insert_rowid(), ?)"},
      {&all.insert_transition, fmt::format("INSERT INTO transition (job, {}) "
                                           "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                           kTaskColumns)},
      {&all.upsert_node,
       "INSERT INTO node_seen VALUES (?,?,?) ON CONFLICT (node) DO UPDATE SET "
       "aliases = excluded.aliases, seen = excluded.seen"},
      {&all.find_job,
       "SELECT job.number, job_status.revision, counts FROM job "
       "JOIN job_status ON job_status.job = job.number WHERE id = ? AND deleted = 0"},
      {&all.previous_state,
       "SELECT state FROM transition WHERE job = ? AND node = ? ORDER BY revision DESC LIMIT 1"},
      {&all.update_counts, "UPDATE job_status SET revision = ?, counts = ? WHERE job = ?"},
      {&all.update_status, "UPDATE job_status SET state = ?, detail = ?, ended = ? WHERE job = ?"},
      {&all.add_late_outcome,
       fmt::format("UPDATE transition SET revision = ?, late_outcome = ? "
                   "WHERE state >= {} AND revision = (SELECT max(revision) FROM transition "
                   "WHERE job = ? AND node = ?)",
                   static_cast<int>(TaskState::kSucceeded))},
      {&all.delete_job,
       fmt::format("UPDATE job_status SET deleted = 1 WHERE job = ? AND state >= {}",
                   kFirstEndedState)},
  };
  for (const auto& [statement, sql] : sources) {
    absl::StatusOr<std::unique_ptr<SqliteStatement>> prepared = database_->Prepare(sql);
    MUSTER_RETURN_IF_ERROR(prepared.status());
    *statement = std::move(*prepared);
  }
  absl::StatusOr<std::unique_ptr<OperationTable>> operations = OperationTable::Make(*database_);
  MUSTER_RETURN_IF_ERROR(operations.status());
  operations_ = std::move(*operations);
  absl::StatusOr<std::unique_ptr<Tidier>> tidier = Tidier::Make(*database_, retention);
  MUSTER_RETURN_IF_ERROR(tidier.status());
  tidier_ = std::move(*tidier);
  return absl::OkStatus();
}

absl::Status SqliteJobStore::Commit(const std::vector<Record>& records,
                                    const std::vector<OperationRecord>& operations) {
  Batch batch(*database_, *statements_);
  absl::Status status = statements_->begin->Run();
  for (const Record& record : records) {
    if (!status.ok()) break;
    status = std::visit([&batch](const auto& one) { return batch.Add(one); }, record);
  }
  if (status.ok()) status = batch.WriteCounts();
  for (const OperationRecord& record : operations) {
    if (status.ok()) status = operations_->Write(record);
  }
  if (status.ok()) status = statements_->commit->Run();
  if (status.ok()) return status;
  database_->Rollback();
  return MakeStatus(status.code(), "commit {} records to {}: {}",
                    records.size() + operations.size(), path_, Message(status));
}

absl::StatusOr<LoadedOperations> SqliteJobStore::LoadOperations() {
  absl::StatusOr<LoadedOperations> loaded = operations_->Load();
  if (!loaded.ok()) return OpenError(loaded.status(), path_);
  return loaded;
}

absl::StatusOr<Loaded> SqliteJobStore::Load(size_t max_ended_jobs) {
  absl::StatusOr<Loaded> loaded = LoadNewest(*database_, max_ended_jobs);
  if (!loaded.ok()) return OpenError(loaded.status(), path_);
  return loaded;
}

absl::StatusOr<bool> SqliteJobStore::Tidy(Time now) {
  absl::StatusOr<bool> has_more = tidier_->Work(now);
  if (has_more.ok()) return has_more;
  // Nothing of it was asked for, so nothing that goes wrong is a contradiction.
  const bool is_internal = has_more.status().code() == absl::StatusCode::kInternal;
  return MakeStatus(is_internal ? absl::StatusCode::kUnavailable : has_more.status().code(),
                    "tidy {}: {}", path_, Message(has_more.status()));
}

absl::Status SqliteJobStore::LimitPagesForTest(int64_t pages) {
  return database_->Execute(fmt::format("PRAGMA max_page_count = {}", pages));
}

}  // namespace muster
