// SQLite's C interface, as two owners: a connection and a prepared statement. Errors are Status with SQLite's own sentence.
// One thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/status.h"

namespace muster {

// Bind values from 1 on, Step until it gives false, read columns from 0 on, Reset. Bound text and blobs are copied.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement() { sqlite3_finalize(statement_); }

  SqliteStatement& Bind(int index, int64_t value);
  SqliteStatement& BindText(int index, const std::string& value);
  SqliteStatement& BindBlob(int index, const std::string& value);
  SqliteStatement& BindNull(int index);

  // True: there is a row.
  absl::StatusOr<bool> Step();
  // For statements without rows: one step, then Reset.
  absl::Status Run();
  // Ready to be bound and stepped again; ends the read that a half-read statement holds open.
  void Reset();

  int64_t Integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string Text(int column) const;
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
  int bind_result_ = SQLITE_OK;  // the first that failed; given back by Step
};

// Resets a statement at the end of a scope, however that is left.
class SqliteReset {
 public:
  explicit SqliteReset(SqliteStatement& statement) : statement_(statement) {}
  SqliteReset(const SqliteReset&) = delete;
  SqliteReset& operator=(const SqliteReset&) = delete;
  ~SqliteReset() { statement_.Reset(); }

 private:
  SqliteStatement& statement_;
};

class SqliteDatabase {
 public:
  // `flags` are those of sqlite3_open_v2.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(const std::string& path, int flags);
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase() { sqlite3_close_v2(database_); }

  // One or more statements whose rows nobody wants.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row.
  absl::StatusOr<int64_t> QueryInteger(const std::string& sql);
  // The statement must go before the database does.
  absl::StatusOr<std::unique_ptr<SqliteStatement>> Prepare(const std::string& sql);
  // By the last statement that was run.
  int64_t ChangedRows() const { return sqlite3_changes64(database_); }
  // Ends a transaction that was begun and not committed; does nothing if there is none.
  void Rollback();
  // All of this database, as this connection's transaction sees it, into an empty one. `goes_on` is asked for each megabyte: CANCELLED when it
  // says no.
  absl::Status CopyTo(SqliteDatabase& target, const std::function<bool()>& goes_on);
  // Whether the last to close the file puts its write-ahead log into it, as SQLite does unless it is told otherwise.
  void SetCheckpointAtClose(bool is_on);

 private:
  explicit SqliteDatabase(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

// What a result code means to a caller: RESOURCE_EXHAUSTED the disk is full; DATA_LOSS the file is damaged or no database; INTERNAL
// we used it wrongly, a broken constraint included; UNAVAILABLE the rest, which may pass.
absl::Status SqliteStatus(sqlite3* database, int result);

}  // namespace muster
