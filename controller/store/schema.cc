// The tables.
//
// What is written most, the transitions of tasks, is appended in the order of its primary key: random upserts would write ten times
// as much (measured with 100-byte rows at 10,000 nodes). A task without a transition is PENDING since its job was made, so that a
// job of 10,000 nodes is one row and one list of names; that list is apart from the job, so that reading jobs reads none. An outcome
// that comes late is put into its task's newest row, which takes the new revision. `job_status` is updated in place once a batch;
// `counts` in it are the number of tasks in each state, kept with the transitions so that a list of jobs does not read a
// million of them.
//
// What grows is made smaller by tidier.cc, which the two flags and three small indexes of `job_status` are for.
//
// Times are nanoseconds of muster::Time, durations are nanoseconds, states and reasons are the numbers of
// the protocol, and work, policies, outcomes, and what an operation does and where it stands are its messages.
#include "controller/store/schema.h"

#include "common/log.h"
#include "controller/store/job_list_sql.h"
#include "controller/store/migrate.h"

namespace muster {
namespace {

constexpr int64_t kApplicationId = 0x4d757374;  // "Must"
constexpr int64_t kVersion = 3;
// A file up to this size is checked as a whole before anything is changed in it; it takes 0.1 s. Of a larger one only what
// every start needs, and damage elsewhere is found when it is read.
constexpr int64_t kWholeCheckBytes = 64 << 20;

// The tables that version 2 has kept.
constexpr char kOldTables[] = R"sql(
CREATE TABLE meta (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  store_id      TEXT NOT NULL,
  counter       INTEGER NOT NULL,           -- how often the store was opened for writing
  gone_revision INTEGER NOT NULL DEFAULT 0  -- the highest of all jobs that are gone
);
CREATE TABLE job_status (
  job      INTEGER PRIMARY KEY,         -- job.number
  state    INTEGER NOT NULL,
  detail   TEXT NOT NULL,
  ended    INTEGER,
  revision INTEGER NOT NULL,            -- of the newest change of the job or its tasks
  counts   TEXT NOT NULL,               -- numbers, by state
  deleted  INTEGER NOT NULL DEFAULT 0,  -- 1: nobody sees it any more, and its rows are going
  tidied   INTEGER NOT NULL DEFAULT 0   -- the revision up to which each task has its newest row only
);
CREATE TABLE transition (
  revision           INTEGER PRIMARY KEY,
  job                INTEGER NOT NULL,
  node               TEXT NOT NULL,
  state              INTEGER NOT NULL,
  attempt            INTEGER NOT NULL,
  reason             INTEGER NOT NULL,
  detail             TEXT NOT NULL,
  incarnation        TEXT NOT NULL,
  first_sent         INTEGER NOT NULL,
  last_sent          INTEGER NOT NULL,
  execution_deadline INTEGER NOT NULL,
  updated            INTEGER NOT NULL,
  outcome            BLOB,
  late_outcome       BLOB
);
CREATE INDEX transition_of_task ON transition (job, node, revision, state);
CREATE INDEX transition_of_job ON transition (job, revision);
CREATE TABLE node_seen (
  node    TEXT PRIMARY KEY,
  aliases TEXT NOT NULL,             -- one a line
  seen    INTEGER NOT NULL
);
)sql";

constexpr char kTablesSince2[] = R"sql(
CREATE TABLE job (
  number         INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  request_id     TEXT NOT NULL,  -- the engine sees to it that it is used once, among the newest
  request_digest BLOB NOT NULL,
  work           BLOB NOT NULL,
  policy         BLOB NOT NULL,
  created_by     TEXT NOT NULL,
  created        INTEGER NOT NULL,
  revision       INTEGER NOT NULL
);
CREATE TABLE job_nodes (
  job   INTEGER PRIMARY KEY,     -- job.number
  nodes TEXT NOT NULL            -- one a line
);
CREATE TABLE gone_request (      -- of jobs that are gone: asked again, a request makes no second job
  job            TEXT PRIMARY KEY,
  request_id     TEXT NOT NULL,
  request_digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX job_status_deleted ON job_status (job) WHERE deleted = 1;
CREATE INDEX job_status_untidy ON job_status (job) WHERE tidied < revision;
CREATE INDEX job_status_kept ON job_status (ended, job) WHERE deleted = 0 AND state >= 4;
)sql";

constexpr char kTablesSince3[] = R"sql(
ALTER TABLE job ADD COLUMN operation TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN guided INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN remarks TEXT NOT NULL DEFAULT '';  -- one a line
CREATE TABLE operation (
  number         INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  request_id     TEXT NOT NULL,
  request_digest BLOB NOT NULL,
  created_by     TEXT NOT NULL,
  created        INTEGER NOT NULL,
  job            TEXT NOT NULL,  -- id of the one it makes
  content        TEXT NOT NULL DEFAULT '',  -- the content that it is a phase of; empty: a resubscription
  record_job     TEXT NOT NULL DEFAULT '',  -- id of the job that records; empty: a phase that mounts again
  spec           BLOB NOT NULL,  -- what it does
  work           BLOB NOT NULL,
  nodes          TEXT NOT NULL,  -- one a line
  state          INTEGER NOT NULL,
  status         BLOB NOT NULL
);
CREATE INDEX operation_running ON operation (number) WHERE state < 3;
CREATE INDEX operation_content ON operation (content, number) WHERE content <> '';
)sql";

absl::Status MakeTables(SqliteDatabase& database) {
  return database.Execute(fmt::format(
      "BEGIN IMMEDIATE; PRAGMA application_id = {}; PRAGMA user_version = {}; {} {} {} COMMIT;",
      kApplicationId, kVersion, kOldTables, kTablesSince2, kTablesSince3));
}

absl::Status CheckVersion(int64_t application_id, int64_t version, const std::string& path) {
  if (application_id != kApplicationId) {
    return MakeStatus(
        absl::StatusCode::kFailedPrecondition,
        "{} is a database of another program: give musterd a state directory of its own", path);
  }
  if (version > kVersion) {
    return MakeStatus(
        absl::StatusCode::kFailedPrecondition,
        "{} was written by a newer musterd (version {} of the store, this one knows {}): "
        "install that or a newer one",
        path, version, kVersion);
  }
  if (version < 1) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "{} has version {} of the store, which this musterd does not know", path,
                      version);
  }
  return absl::OkStatus();
}

// DATA_LOSS with the first thing that is wrong. Changes nothing.
absl::Status Check(SqliteDatabase& database, const std::string& pragma) {
  absl::StatusOr<std::unique_ptr<SqliteStatement>> check = database.Prepare(pragma);
  MUSTER_RETURN_IF_ERROR(check.status());
  const absl::StatusOr<bool> row = (*check)->Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  std::string answer = *row ? (*check)->Text(0) : "ok";
  // "*** in database main ***" and then, in a line of its own, what is wrong.
  if (const size_t line = answer.find('\n'); line != std::string::npos) answer.erase(0, line + 1);
  if (answer == "ok") return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kDataLoss, "{}", answer);
}

absl::Status CheckForDamage(SqliteDatabase& database) {
  const absl::StatusOr<int64_t> bytes = database.QueryInteger(
      "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
  MUSTER_RETURN_IF_ERROR(bytes.status());
  if (*bytes <= kWholeCheckBytes) return Check(database, "PRAGMA quick_check(1)");
  for (const char* table : {"meta", "job", "job_status", "node_seen"})
    MUSTER_RETURN_IF_ERROR(Check(database, fmt::format("PRAGMA quick_check({})", table)));
  return absl::OkStatus();
}

absl::Status Migrate(SqliteDatabase& database, int64_t version, const std::string& path) {
  absl::Status status = database.Execute("BEGIN IMMEDIATE");
  if (status.ok() && version < 2) status = MigrateFrom1(database, kTablesSince2);
  if (status.ok()) status = database.Execute(kTablesSince3);
  if (status.ok())
    status = database.Execute(fmt::format("PRAGMA user_version = {}; COMMIT;", kVersion));
  if (status.ok()) {
    log::Info("store migrated file={} from_version={} to_version={}", path, version, kVersion);
    return status;
  }
  database.Rollback();
  return MakeStatus(status.code(), "migrate it from version {} to {}: {}", version, kVersion,
                    Message(status));
}

}  // namespace

absl::Status PrepareSchema(SqliteDatabase& database, const std::string& path) {
  const absl::StatusOr<int64_t> application_id = database.QueryInteger("PRAGMA application_id");
  MUSTER_RETURN_IF_ERROR(application_id.status());
  const absl::StatusOr<int64_t> version = database.QueryInteger("PRAGMA user_version");
  MUSTER_RETURN_IF_ERROR(version.status());
  const absl::StatusOr<int64_t> tables =
      database.QueryInteger("SELECT count(*) FROM sqlite_master");
  MUSTER_RETURN_IF_ERROR(tables.status());
  const bool is_new = *application_id == 0 && *version == 0 && *tables == 0;
  if (!is_new) {
    MUSTER_RETURN_IF_ERROR(CheckVersion(*application_id, *version, path));
    MUSTER_RETURN_IF_ERROR(CheckForDamage(database));
  }
  // The write-ahead log lets the reader work beside the writer; FULL syncs it at each commit. The limit gives back disk after
  // one large batch.
  MUSTER_RETURN_IF_ERROR(
      database.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                       "PRAGMA foreign_keys = OFF; PRAGMA journal_size_limit = 67108864;"));
  if (is_new) {
    MUSTER_RETURN_IF_ERROR(MakeTables(database));
  } else if (*version != kVersion) {
    MUSTER_RETURN_IF_ERROR(Migrate(database, *version, path));
  }
  return database.Execute(kJobListIndexes);
}

}  // namespace muster
