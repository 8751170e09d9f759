// The tables.
//
// What is written most, the transitions of tasks, is only ever appended, and in the order of its primary key: random upserts would
// write ten times as much (measured with 100-byte rows at 10,000 nodes). A task without a transition is PENDING since its
// job was made, so that a job of 10,000 nodes is one row. `job_status` is updated in place once a batch; `counts` in it are the
// number of tasks in each state, kept with the transitions so that a list of jobs does not read a million of them.
//
// Times are nanoseconds of muster::Time, durations are nanoseconds, states and reasons are the numbers of
// the protocol, and work and outcomes are its messages.
#include "controller/store/schema.h"

namespace muster {
namespace {

constexpr int64_t kApplicationId = 0x4d757374;  // "Must"
constexpr int64_t kVersion = 1;

constexpr char kTables[] = R"sql(
CREATE TABLE meta (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  store_id TEXT NOT NULL,
  counter  INTEGER NOT NULL          -- how often the store was opened for writing
);
CREATE TABLE job (
  number             INTEGER PRIMARY KEY,
  id                 TEXT NOT NULL UNIQUE,
  request_id         TEXT NOT NULL,  -- the engine sees to it that it is used once, among the newest
  request_digest     BLOB NOT NULL,
  work               BLOB NOT NULL,
  max_parallel       INTEGER NOT NULL,
  delivery_deadline  INTEGER NOT NULL,
  execution_deadline INTEGER NOT NULL,
  deadline           INTEGER,
  created_by         TEXT NOT NULL,
  created            INTEGER NOT NULL,
  nodes              TEXT NOT NULL,  -- one a line
  revision           INTEGER NOT NULL
);
CREATE TABLE job_status (
  job      INTEGER PRIMARY KEY,      -- job.number
  state    INTEGER NOT NULL,
  detail   TEXT NOT NULL,
  ended    INTEGER,
  revision INTEGER NOT NULL,         -- of the newest change of the job or its tasks
  counts   TEXT NOT NULL             -- numbers, by state
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

absl::Status MakeTables(SqliteDatabase& database) {
  return database.Execute(fmt::format(
      "BEGIN IMMEDIATE; PRAGMA application_id = {}; PRAGMA user_version = {}; {} COMMIT;",
      kApplicationId, kVersion, kTables));
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
  if (version < kVersion) {
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "{} has version {} of the store, which this musterd does not know", path,
                      version);
  }
  return absl::OkStatus();
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
  if (!is_new) MUSTER_RETURN_IF_ERROR(CheckVersion(*application_id, *version, path));
  // The write-ahead log lets the reader work beside the writer; FULL syncs it at each commit. The limit gives back disk after
  // one large batch.
  MUSTER_RETURN_IF_ERROR(
      database.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                       "PRAGMA foreign_keys = OFF; PRAGMA journal_size_limit = 67108864;"));
  return is_new ? MakeTables(database) : absl::OkStatus();
}

}  // namespace muster
