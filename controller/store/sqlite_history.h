// The fleet's history on SQLite: history.db in the state directory, a file apart from muster.db, so that no commit of a job ever waits for
// it, and it may be lost. The writer and the reader are a connection each, and used by one thread each.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "controller/fleet/history_store.h"
#include "controller/store/sqlite.h"

namespace muster {

class SqliteHistory final : public HistoryStore {
 public:
  // At most so many events, the newest, whatever their age.
  static constexpr int64_t kMaxEvents = 20'000;

  // Makes the file if there is none. One that is damaged, or of another version, is moved aside to history.db.old, and a new one made: the
  // controller must start without it. Errors of an errno, RESOURCE_EXHAUSTED, UNAVAILABLE. `age` is how long events are kept.
  static absl::StatusOr<std::unique_ptr<SqliteHistory>> Open(const std::string& state_dir,
                                                             Duration age);
  ~SqliteHistory() override;

  absl::StatusOr<StoredHistory> Load() override;
  absl::Status Write(const HistoryBatch& batch) override;
  absl::Status Trim(Time now) override;
  // How long events are kept, from the next Trim on. Any thread.
  void SetAge(Duration age) { age_ = age; }

 private:
  struct Statements;

  SqliteHistory(std::unique_ptr<SqliteDatabase> database, Duration age);
  static absl::StatusOr<std::unique_ptr<SqliteHistory>> TryOpen(const std::string& path,
                                                                Duration age);
  absl::Status Prepare();
  absl::Status WriteEvent(const HistoryBatch::Change& change);
  absl::Status WriteCondition(const RecordedCondition& condition);

  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<Statements> statements_;  // goes before the database
  std::atomic<Duration> age_;
};

class SqliteHistoryReader final : public HistoryReader {
 public:
  // A SqliteHistory must have opened the directory before.
  static absl::StatusOr<std::unique_ptr<SqliteHistoryReader>> Open(const std::string& state_dir);
  ~SqliteHistoryReader() override;

  absl::StatusOr<std::vector<HealthEvent>> Events(size_t limit) override;
  absl::StatusOr<std::vector<HealthEvent>> EventsOf(const std::vector<std::string>& nodes,
                                                    size_t limit) override;

 private:
  explicit SqliteHistoryReader(std::unique_ptr<SqliteDatabase> database);

  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<SqliteStatement> newest_, numbers_of_, get_;  // go before the database
};

}  // namespace muster
