#include "controller/store/sqlite.h"

#include <algorithm>

namespace muster {

absl::Status SqliteStatus(sqlite3* database, int result) {
  const std::string message =
      database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  switch (result & 0xff) {  // the primary code
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return absl::OkStatus();
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return MakeStatus(absl::StatusCode::kResourceExhausted, "{}", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return MakeStatus(absl::StatusCode::kDataLoss, "{}", message);
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return MakeStatus(absl::StatusCode::kInternal, "{}", message);
    default:
      return MakeStatus(absl::StatusCode::kUnavailable, "{}", message);
  }
}

SqliteStatement& SqliteStatement::Bind(int index, int64_t value) {
  bind_result_ = std::max(bind_result_, sqlite3_bind_int64(statement_, index, value));
  return *this;
}

SqliteStatement& SqliteStatement::BindText(int index, const std::string& value) {
  bind_result_ =
      std::max(bind_result_, sqlite3_bind_text64(statement_, index, value.data(), value.size(),
                                                 SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

SqliteStatement& SqliteStatement::BindBlob(int index, const std::string& value) {
  bind_result_ = std::max(bind_result_, sqlite3_bind_blob64(statement_, index, value.data(),
                                                            value.size(), SQLITE_TRANSIENT));
  return *this;
}

SqliteStatement& SqliteStatement::BindNull(int index) {
  bind_result_ = std::max(bind_result_, sqlite3_bind_null(statement_, index));
  return *this;
}

absl::StatusOr<bool> SqliteStatement::Step() {
  if (bind_result_ != SQLITE_OK) return SqliteStatus(database_, bind_result_);
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return SqliteStatus(database_, sqlite3_extended_errcode(database_));
}

absl::Status SqliteStatement::Run() {
  const absl::StatusOr<bool> row = Step();
  Reset();
  return row.status();
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bind_result_ = SQLITE_OK;
}

std::string SqliteStatement::Text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string() : std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path,
                                                                     int flags) {
  sqlite3* database = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  std::unique_ptr<SqliteDatabase> owner(new SqliteDatabase(database));
  if (result != SQLITE_OK) return SqliteStatus(database, result);
  sqlite3_extended_result_codes(database, 1);
  return owner;
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  const int result = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  return SqliteStatus(database_, result);
}

absl::StatusOr<int64_t> SqliteDatabase::QueryInteger(const std::string& sql) {
  absl::StatusOr<std::unique_ptr<SqliteStatement>> statement = Prepare(sql);
  MUSTER_RETURN_IF_ERROR(statement.status());
  const absl::StatusOr<bool> row = (*statement)->Step();
  MUSTER_RETURN_IF_ERROR(row.status());
  if (!*row) return MakeStatus(absl::StatusCode::kInternal, "no row from: {}", sql);
  return (*statement)->Integer(0);
}

absl::StatusOr<std::unique_ptr<SqliteStatement>> SqliteDatabase::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_, sql.c_str(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return SqliteStatus(database_, result);
  return std::make_unique<SqliteStatement>(database_, statement);
}

void SqliteDatabase::SetCheckpointAtClose(bool is_on) {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_on ? 0 : 1, nullptr);
}

void SqliteDatabase::Rollback() {
  // Some errors have rolled back already.
  if (sqlite3_get_autocommit(database_) == 0)
    sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
}

absl::Status SqliteDatabase::CopyTo(SqliteDatabase& target, const std::function<bool()>& goes_on) {
  constexpr int kPagesOfStep = 256;
  sqlite3_backup* const backup = sqlite3_backup_init(target.database_, "main", database_, "main");
  if (backup == nullptr)
    return SqliteStatus(target.database_, sqlite3_extended_errcode(target.database_));
  int result = SQLITE_OK;
  bool is_wanted = true;
  while (result == SQLITE_OK && (is_wanted = goes_on()))
    result = sqlite3_backup_step(backup, kPagesOfStep);
  sqlite3_backup_finish(backup);
  if (!is_wanted) return absl::CancelledError("it is not wanted any more");
  return result == SQLITE_DONE ? absl::OkStatus() : SqliteStatus(nullptr, result);
}

}  // namespace muster
