// The tables. `event_node` says which nodes had a part in an event, for the history of one; `condition` is what was last known of each
// node, by which a controller that is started again knows what is news.
//
// Nothing is synced but by SQLite's checkpoints: what the last moments before a power failure told is lost, the file is whole.
#include "controller/store/sqlite_history.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <set>
#include <utility>

#include "common/log.h"
#include "controller/store/rows.h"

namespace muster {
namespace {

constexpr char kHistoryFile[] = "/history.db";
constexpr int64_t kHistoryVersion = 1;
constexpr char kHistoryTables[] = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE event (
  number  INTEGER PRIMARY KEY,
  first   INTEGER NOT NULL,  -- when the first node joined it, and the last
  last    INTEGER NOT NULL,
  kind    INTEGER NOT NULL,
  state   INTEGER NOT NULL,
  reason  TEXT NOT NULL,
  example TEXT NOT NULL,
  message TEXT NOT NULL,
  count   INTEGER NOT NULL,
  nodes   TEXT NOT NULL      -- folded
);
CREATE TABLE event_node (
  node  TEXT NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (node, event)
) WITHOUT ROWID;
CREATE TABLE condition (
  node   TEXT NOT NULL,
  kind   INTEGER NOT NULL,
  state  INTEGER NOT NULL,
  reason TEXT NOT NULL,
  mark   TEXT NOT NULL,
  since  INTEGER NOT NULL,
  PRIMARY KEY (node, kind)
) WITHOUT ROWID;
PRAGMA user_version = 1;
COMMIT;
)sql";
constexpr char kEventColumns[] =
    "number, first, last, kind, state, reason, example, message, count, nodes";

HealthEvent ReadEvent(const SqliteStatement& row) {
  HealthEvent event;
  event.number = row.Integer(0);
  event.first = TimeOf(row.Integer(1));
  event.last = TimeOf(row.Integer(2));
  event.kind = static_cast<ConditionKind>(row.Integer(3));
  event.truth = static_cast<Truth>(row.Integer(4));
  event.reason = row.Text(5);
  event.example = row.Text(6);
  event.message = row.Text(7);
  event.count = static_cast<size_t>(row.Integer(8));
  event.nodes = row.Text(9);
  return event;
}

// Calls `take` with each row.
absl::Status ForEach(SqliteStatement& statement,
                     const std::function<void(const SqliteStatement&)>& take) {
  const SqliteReset reset(statement);
  while (true) {
    const absl::StatusOr<bool> row = statement.Step();
    MUSTER_RETURN_IF_ERROR(row.status());
    if (!*row) return absl::OkStatus();
    take(statement);
  }
}

using Sources = std::vector<std::pair<std::unique_ptr<SqliteStatement>*, std::string>>;

absl::Status PrepareAll(SqliteDatabase& database, const Sources& sources) {
  for (const auto& [statement, sql] : sources) {
    absl::StatusOr<std::unique_ptr<SqliteStatement>> prepared = database.Prepare(sql);
    MUSTER_RETURN_IF_ERROR(prepared.status());
    *statement = *std::move(prepared);
  }
  return absl::OkStatus();
}

}  // namespace

struct SqliteHistory::Statements {
  std::unique_ptr<SqliteStatement> begin, commit, write_event, add_node, write_condition,
      remove_condition, conditions;
};

SqliteHistory::SqliteHistory(std::unique_ptr<SqliteDatabase> database, Duration age)
    : database_(std::move(database)), statements_(std::make_unique<Statements>()), age_(age) {}

SqliteHistory::~SqliteHistory() = default;

absl::StatusOr<std::unique_ptr<SqliteHistory>> SqliteHistory::Open(const std::string& state_dir,
                                                                   Duration age) {
  const std::string path = state_dir + kHistoryFile;
  absl::StatusOr<std::unique_ptr<SqliteHistory>> history = TryOpen(path, age);
  const bool is_bad = absl::IsDataLoss(history.status()) || absl::IsInternal(history.status()) ||
                      absl::IsFailedPrecondition(history.status());
  if (is_bad) {
    log::Error("{} cannot be used and is moved aside to {}.old, the history begins anew: {}", path,
               path, Message(history.status()));
    for (const char* suffix : {"", "-wal", "-shm"})
      std::rename((path + suffix).c_str(), (path + ".old" + suffix).c_str());
    history = TryOpen(path, age);
  }
  if (!history.ok())
    return MakeStatus(history.status().code(), "open {}: {}", path, Message(history.status()));
  return history;
}

absl::StatusOr<std::unique_ptr<SqliteHistory>> SqliteHistory::TryOpen(const std::string& path,
                                                                      Duration age) {
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> database =
      SqliteDatabase::Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  MUSTER_RETURN_IF_ERROR(database.status());
  std::unique_ptr<SqliteHistory> history(new SqliteHistory(*std::move(database), age));
  MUSTER_RETURN_IF_ERROR(history->Prepare());
  // Damage beyond the first page shows when it is read.
  MUSTER_RETURN_IF_ERROR(history->Load().status());
  return history;
}

absl::Status SqliteHistory::Prepare() {
  MUSTER_RETURN_IF_ERROR(database_->Execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;"));
  const absl::StatusOr<int64_t> version = database_->QueryInteger("PRAGMA user_version");
  MUSTER_RETURN_IF_ERROR(version.status());
  if (*version == 0) MUSTER_RETURN_IF_ERROR(database_->Execute(kHistoryTables));
  if (*version > kHistoryVersion)
    return MakeStatus(absl::StatusCode::kFailedPrecondition, "it is of version {}", *version);
  Statements& all = *statements_;
  return PrepareAll(
      *database_,
      {{&all.begin, "BEGIN IMMEDIATE"},
       {&all.commit, "COMMIT"},
       {&all.write_event,
        fmt::format("INSERT OR REPLACE INTO event ({}) VALUES (?,?,?,?,?,?,?,?,?,?)",
                    kEventColumns)},
       {&all.add_node, "INSERT OR IGNORE INTO event_node (node, event) VALUES (?, ?)"},
       {&all.write_condition,
        "INSERT INTO condition (node, kind, state, reason, mark, since) VALUES (?,?,?,?,?,?) "
        "ON CONFLICT (node, kind) DO UPDATE SET state = excluded.state, reason = excluded.reason, "
        "mark = iif(excluded.mark = '', mark, excluded.mark), since = excluded.since"},
       {&all.remove_condition, "DELETE FROM condition WHERE node = ? AND kind = ?"},
       {&all.conditions, "SELECT node, kind, state, reason, mark, since FROM condition"}});
}

absl::StatusOr<StoredHistory> SqliteHistory::Load() {
  StoredHistory stored;
  const absl::Status status = ForEach(*statements_->conditions, [&](const SqliteStatement& row) {
    stored.conditions.push_back({row.Text(0), static_cast<ConditionKind>(row.Integer(1)),
                                 static_cast<Truth>(row.Integer(2)), row.Text(3), row.Text(4),
                                 TimeOf(row.Integer(5))});
  });
  MUSTER_RETURN_IF_ERROR(status);
  const absl::StatusOr<int64_t> last =
      database_->QueryInteger("SELECT coalesce(max(number), 0) FROM event");
  MUSTER_RETURN_IF_ERROR(last.status());
  stored.last_number = *last;
  return stored;
}

absl::Status SqliteHistory::Write(const HistoryBatch& batch) {
  absl::Status status = statements_->begin->Run();
  for (const HistoryBatch::Change& change : batch.events) {
    if (status.ok()) status = WriteEvent(change);
  }
  for (const RecordedCondition& condition : batch.conditions) {
    if (status.ok()) status = WriteCondition(condition);
  }
  if (status.ok()) status = statements_->commit->Run();
  if (!status.ok()) database_->Rollback();
  return status;
}

absl::Status SqliteHistory::WriteEvent(const HistoryBatch::Change& change) {
  const HealthEvent& event = change.event;
  statements_->write_event->Bind(1, event.number)
      .Bind(2, Nanoseconds(event.first))
      .Bind(3, Nanoseconds(event.last))
      .Bind(4, static_cast<int64_t>(event.kind))
      .Bind(5, static_cast<int64_t>(event.truth))
      .BindText(6, event.reason)
      .BindText(7, event.example)
      .BindText(8, event.message)
      .Bind(9, static_cast<int64_t>(event.count))
      .BindText(10, event.nodes);
  MUSTER_RETURN_IF_ERROR(statements_->write_event->Run());
  for (const std::string& node : change.joined)
    MUSTER_RETURN_IF_ERROR(statements_->add_node->BindText(1, node).Bind(2, event.number).Run());
  return absl::OkStatus();
}

absl::Status SqliteHistory::WriteCondition(const RecordedCondition& condition) {
  const auto kind = static_cast<int64_t>(condition.kind);
  if (condition.truth == Truth::kUnspecified)
    return statements_->remove_condition->BindText(1, condition.node).Bind(2, kind).Run();
  return statements_->write_condition->BindText(1, condition.node)
      .Bind(2, kind)
      .Bind(3, static_cast<int64_t>(condition.truth))
      .BindText(4, condition.reason)
      .BindText(5, condition.mark)
      .Bind(6, Nanoseconds(condition.since))
      .Run();
}

absl::Status SqliteHistory::Trim(Time now) {
  const absl::StatusOr<int64_t> first_kept = database_->QueryInteger(
      fmt::format("SELECT max((SELECT coalesce(max(number) + 1, 0) FROM event WHERE last < {}),"
                  "           (SELECT coalesce(max(number) - {}, 0) FROM event))",
                  Nanoseconds(now - age_.load()), kMaxEvents - 1));
  MUSTER_RETURN_IF_ERROR(first_kept.status());
  absl::Status status =
      database_->Execute(fmt::format("BEGIN IMMEDIATE; DELETE FROM event_node WHERE event < {0}; "
                                     "DELETE FROM event WHERE number < {0}; COMMIT;",
                                     *first_kept));
  if (!status.ok()) database_->Rollback();
  return status;
}

SqliteHistoryReader::SqliteHistoryReader(std::unique_ptr<SqliteDatabase> database)
    : database_(std::move(database)) {}

SqliteHistoryReader::~SqliteHistoryReader() = default;

absl::StatusOr<std::unique_ptr<SqliteHistoryReader>> SqliteHistoryReader::Open(
    const std::string& state_dir) {
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> database =
      SqliteDatabase::Open(state_dir + kHistoryFile, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  MUSTER_RETURN_IF_ERROR(database.status());
  std::unique_ptr<SqliteHistoryReader> reader(new SqliteHistoryReader(*std::move(database)));
  MUSTER_RETURN_IF_ERROR(
      reader->database_->Execute("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000;"));
  MUSTER_RETURN_IF_ERROR(PrepareAll(
      *reader->database_,
      {{&reader->newest_,
        fmt::format("SELECT {} FROM event ORDER BY number DESC LIMIT ?", kEventColumns)},
       {&reader->numbers_of_,
        "SELECT event FROM event_node WHERE node = ? ORDER BY event DESC LIMIT ?"},
       {&reader->get_, fmt::format("SELECT {} FROM event WHERE number = ?", kEventColumns)}}));
  return reader;
}

absl::StatusOr<std::vector<HealthEvent>> SqliteHistoryReader::Events(size_t limit) {
  std::vector<HealthEvent> events;
  newest_->Bind(1, static_cast<int64_t>(limit));
  const absl::Status status =
      ForEach(*newest_, [&](const SqliteStatement& row) { events.push_back(ReadEvent(row)); });
  MUSTER_RETURN_IF_ERROR(status);
  return events;
}

absl::StatusOr<std::vector<HealthEvent>> SqliteHistoryReader::EventsOf(
    const std::vector<std::string>& nodes, size_t limit) {
  std::set<int64_t, std::greater<>> numbers;
  for (const std::string& node : nodes) {
    numbers_of_->BindText(1, node).Bind(2, static_cast<int64_t>(limit));
    const absl::Status status =
        ForEach(*numbers_of_, [&](const SqliteStatement& row) { numbers.insert(row.Integer(0)); });
    MUSTER_RETURN_IF_ERROR(status);
    while (numbers.size() > limit) numbers.erase(std::prev(numbers.end()));
  }
  std::vector<HealthEvent> events;
  for (const int64_t number : numbers) {
    get_->Bind(1, number);
    const absl::Status status =
        ForEach(*get_, [&](const SqliteStatement& row) { events.push_back(ReadEvent(row)); });
    MUSTER_RETURN_IF_ERROR(status);
  }
  return events;
}

}  // namespace muster
