// The JobStore on SQLite: one file, muster.db, in the state directory, which it locks. One transaction for each commit. See
// schema.cc for the tables. Runner thread only (and the thread that opens it, before).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/store/job_store.h"
#include "controller/store/operation_table.h"
#include "controller/store/sqlite.h"
#include "controller/store/state_lock.h"
#include "controller/store/tidier.h"

namespace muster {

struct StoreOptions {
  Retention retention;
  // The directory is a restored backup or a copy: the store gets a new id, which agents accept where they refuse the old one with
  // a lower counter. A write-ahead log beside it is refused: it may be another store's.
  bool is_restored = false;
};

class SqliteJobStore final : public JobStore {
 public:
  // Makes the directory (mode 0700) and the database if there are none, counts the opening and syncs that. FAILED_PRECONDITION if
  // another musterd uses the directory or the file is none that we can use; the sentence says what to do, and the file is as it
  // was.
  static absl::StatusOr<std::unique_ptr<SqliteJobStore>> Open(const std::string& state_dir,
                                                              StoreOptions options = {});
  ~SqliteJobStore() override;

  absl::Status Commit(const std::vector<Record>& records,
                      const std::vector<OperationRecord>& operations = {}) override;
  absl::StatusOr<Loaded> Load(size_t max_ended_jobs) override;
  absl::StatusOr<LoadedOperations> LoadOperations() override;
  absl::StatusOr<bool> Tidy(Time now) override;
  // From the next Tidy on. Any thread.
  void SetRetention(const Retention& retention) { tidier_->SetRetention(retention); }
  const Epoch& epoch() const override { return epoch_; }

  // Lets the file grow to this many pages only, as a full disk would. Tests only.
  absl::Status LimitPagesForTest(int64_t pages);

 private:
  struct Statements;

  SqliteJobStore(std::string path, StateLock lock, std::unique_ptr<SqliteDatabase> database);
  absl::Status CountOpening(bool is_restored);
  absl::Status PrepareStatements(const Retention& retention);

  // Counts and revisions of the jobs that one commit touches.
  class Batch;

  std::string path_;
  StateLock lock_;
  std::unique_ptr<SqliteDatabase> database_;
  std::unique_ptr<Statements> statements_;      // goes before the database
  std::unique_ptr<OperationTable> operations_;  // likewise
  std::unique_ptr<Tidier> tidier_;              // likewise
  Epoch epoch_;
};

}  // namespace muster
