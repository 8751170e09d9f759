// Three kinds of pieces, the first that there is:
//
//   hide    ended jobs beyond the retention: nobody sees them from then on
//   remove  rows of a job that was deleted or hidden; the job itself goes with the last of them
//   tidy    of an ended job, the rows of tasks that have a newer one; `tidied` is how far that has come. An outcome that comes late
//           takes its task's newest row to a new revision, so that what was tidied stays so.
//
// The space of rows that have gone is used for new ones; the file does not become smaller.
#include "controller/store/tidier.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/log.h"
#include "controller/store/rows.h"

namespace muster {
namespace {

// What one piece looks at, so that it takes no more than about 20 ms (store_bench tells how long).
constexpr int64_t kRowsOfPiece = 1000;
constexpr int64_t kJobsOfPiece = 100;

// The first two columns of the first row.
absl::StatusOr<std::optional<std::pair<int64_t, int64_t>>> FirstRow(SqliteStatement& select) {
  const SqliteReset reset(select);
  const absl::StatusOr<bool> row = select.Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  std::optional<std::pair<int64_t, int64_t>> result;
  if (*row) result.emplace(select.Integer(0), select.Integer(1));
  return result;
}

}  // namespace

struct Tidier::Statements {
  std::unique_ptr<SqliteStatement> begin, commit;
  std::unique_ptr<SqliteStatement> hide_old, hide_surplus;
  std::unique_ptr<SqliteStatement> find_deleted, remove_rows, remember_revision, remember_request;
  std::unique_ptr<SqliteStatement> forget_requests, remove_nodes, remove_status, remove_job;
  std::unique_ptr<SqliteStatement> find_untidy, piece_end, remove_older, set_tidied;
};

Tidier::Tidier(SqliteDatabase& database, Retention retention)
    : database_(database), retention_(retention) {}

Tidier::~Tidier() = default;

absl::StatusOr<std::unique_ptr<Tidier>> Tidier::Make(SqliteDatabase& database,
                                                     Retention retention) {
  std::unique_ptr<Tidier> tidier(new Tidier(database, retention));
  MUSTER_RETURN_IF_ERROR(tidier->PrepareStatements());
  return tidier;
}

absl::Status Tidier::PrepareStatements() {
  statements_ = std::make_unique<Statements>();
  Statements& all = *statements_;
  const std::string ended = fmt::format("deleted = 0 AND state >= {}", kFirstEndedState);
  // What content is mounted again by stays as long as its operation does.
  const std::string hide =
      "UPDATE job_status SET deleted = 1 WHERE job IN (SELECT job FROM job_status WHERE " + ended +
      " AND job NOT IN (SELECT number FROM job WHERE id IN "
      "(SELECT record_job FROM operation WHERE record_job <> ''))";
  const std::vector<std::pair<std::unique_ptr<SqliteStatement>*, std::string>> sources = {
      {&all.begin, "BEGIN IMMEDIATE"},
      {&all.commit, "COMMIT"},
      {&all.hide_old, hide + " AND ended < ? ORDER BY ended LIMIT ?)"},
      {&all.hide_surplus, hide + " ORDER BY ended DESC, job DESC LIMIT ? OFFSET ?)"},
      {&all.find_deleted, "SELECT job, revision FROM job_status WHERE deleted = 1 LIMIT 1"},
      {&all.remove_rows,
       "DELETE FROM transition WHERE revision IN "
       "(SELECT revision FROM transition WHERE job = ? ORDER BY revision LIMIT ?)"},
      {&all.remember_revision,
       "UPDATE meta SET gone_revision = max(gone_revision, "
       "(SELECT revision FROM job_status WHERE job = ?))"},
      {&all.remember_request,
       "INSERT OR REPLACE INTO gone_request "
       "SELECT id, request_id, request_digest FROM job WHERE number = ?"},
      {&all.forget_requests,
       "DELETE FROM gone_request WHERE job <= "
       "(SELECT job FROM gone_request ORDER BY job DESC LIMIT 1 OFFSET ?)"},
      {&all.remove_nodes, "DELETE FROM job_nodes WHERE job = ?"},
      {&all.remove_status, "DELETE FROM job_status WHERE job = ?"},
      {&all.remove_job, "DELETE FROM job WHERE number = ?"},
      {&all.find_untidy,
       fmt::format("SELECT job, tidied FROM job_status WHERE tidied < revision AND {} LIMIT 1",
                   ended)},
      {&all.piece_end,
       "SELECT max(revision), count(*) FROM (SELECT revision FROM transition "
       "WHERE job = ? AND revision > ? ORDER BY revision LIMIT ?)"},
      {&all.remove_older,
       "DELETE FROM transition WHERE revision IN (SELECT revision FROM transition AS this "
       "WHERE job = ? AND revision > ? AND revision <= ? AND EXISTS "
       "(SELECT 1 FROM transition AS newer WHERE newer.job = this.job "
       "AND newer.node = this.node AND newer.revision > this.revision))"},
      {&all.set_tidied, "UPDATE job_status SET tidied = ifnull(?2, revision) WHERE job = ?1"},
  };
  for (const auto& [statement, sql] : sources) {
    absl::StatusOr<std::unique_ptr<SqliteStatement>> prepared = database_.Prepare(sql);
    MUSTER_RETURN_IF_ERROR(prepared.status());
    *statement = std::move(*prepared);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Tidier::Work(Time now) {
  MUSTER_RETURN_IF_ERROR(statements_->begin->Run());
  absl::StatusOr<bool> has_more = WorkInTransaction(now);
  if (has_more.ok()) {
    if (absl::Status status = statements_->commit->Run(); !status.ok()) has_more = status;
  }
  if (!has_more.ok()) database_.Rollback();
  return has_more;
}

absl::StatusOr<bool> Tidier::WorkInTransaction(Time now) {
  const absl::StatusOr<int64_t> hidden = HideJobsBeyondRetention(now);
  MUSTER_RETURN_IF_ERROR(hidden.status());
  if (*hidden > 0) {
    log::Info("jobs beyond the retention are removed count={}", *hidden);
    return true;
  }
  const auto deleted = FirstRow(*statements_->find_deleted);
  MUSTER_RETURN_IF_ERROR(deleted.status());
  if (*deleted) {
    MUSTER_RETURN_IF_ERROR(RemovePiece((*deleted)->first));
    return true;
  }
  const auto untidy = FirstRow(*statements_->find_untidy);
  MUSTER_RETURN_IF_ERROR(untidy.status());
  if (*untidy) MUSTER_RETURN_IF_ERROR(TidyPiece((*untidy)->first, (*untidy)->second));
  return untidy->has_value();
}

absl::StatusOr<int64_t> Tidier::HideJobsBeyondRetention(Time now) {
  const Retention retention = CurrentRetention();
  SqliteStatement& old = *statements_->hide_old;
  old.Bind(1, Nanoseconds(now - retention.age)).Bind(2, kJobsOfPiece);
  MUSTER_RETURN_IF_ERROR(old.Run());
  const int64_t hidden = database_.ChangedRows();
  if (hidden > 0) return hidden;
  SqliteStatement& surplus = *statements_->hide_surplus;
  surplus.Bind(1, kJobsOfPiece).Bind(2, static_cast<int64_t>(retention.jobs));
  MUSTER_RETURN_IF_ERROR(surplus.Run());
  return database_.ChangedRows();
}

absl::Status Tidier::RemovePiece(int64_t job) {
  MUSTER_RETURN_IF_ERROR(statements_->remove_rows->Bind(1, job).Bind(2, kRowsOfPiece).Run());
  return database_.ChangedRows() > 0 ? absl::OkStatus() : RemoveRest(job);
}

absl::Status Tidier::RemoveRest(int64_t job) {
  MUSTER_RETURN_IF_ERROR(statements_->remember_revision->Bind(1, job).Run());
  MUSTER_RETURN_IF_ERROR(statements_->remember_request->Bind(1, job).Run());
  MUSTER_RETURN_IF_ERROR(statements_->forget_requests->Bind(1, kMaxGoneRequests).Run());
  MUSTER_RETURN_IF_ERROR(statements_->remove_nodes->Bind(1, job).Run());
  MUSTER_RETURN_IF_ERROR(statements_->remove_status->Bind(1, job).Run());
  return statements_->remove_job->Bind(1, job).Run();
}

absl::Status Tidier::TidyPiece(int64_t job, int64_t tidied) {
  SqliteStatement& find_end = *statements_->piece_end;
  find_end.Bind(1, job).Bind(2, tidied).Bind(3, kRowsOfPiece);
  const auto end = FirstRow(find_end);
  MUSTER_RETURN_IF_ERROR(end.status());
  const auto [last_revision, rows] = **end;
  if (rows > 0) {
    SqliteStatement& remove = *statements_->remove_older;
    MUSTER_RETURN_IF_ERROR(remove.Bind(1, job).Bind(2, tidied).Bind(3, last_revision).Run());
  }
  SqliteStatement& set = *statements_->set_tidied;
  set.Bind(1, job);
  if (rows == kRowsOfPiece) set.Bind(2, last_revision);  // else it is the job's: all of it
  return set.Run();
}

}  // namespace muster
