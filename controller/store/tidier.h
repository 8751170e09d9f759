// Keeps muster.db from growing for ever: see JobStore::Tidy. Owned by the store; its thread only, but for SetRetention.
#pragma once

#include <cstdint>
#include <memory>

#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/store/retention.h"
#include "controller/store/sqlite.h"

namespace muster {

// Requests of jobs that are gone which are still known, the newest: as many as the engine remembers.
inline constexpr int64_t kMaxGoneRequests = 100'000;

class Tidier {
 public:
  // The database is lent and outlives the result.
  static absl::StatusOr<std::unique_ptr<Tidier>> Make(SqliteDatabase& database,
                                                      Retention retention);
  ~Tidier();

  // From the next piece on. Any thread.
  void SetRetention(Retention retention) {
    const MutexLock lock(mutex_);
    retention_ = retention;
  }

  // One piece, in a transaction of its own. As of JobStore::Tidy.
  absl::StatusOr<bool> Work(Time now);

 private:
  struct Statements;

  Tidier(SqliteDatabase& database, Retention retention);
  absl::Status PrepareStatements();
  Retention CurrentRetention() {
    const MutexLock lock(mutex_);
    return retention_;
  }
  absl::StatusOr<bool> WorkInTransaction(Time now);
  absl::StatusOr<int64_t> HideJobsBeyondRetention(Time now);
  absl::Status RemovePiece(int64_t job);
  absl::Status RemoveRest(int64_t job);
  absl::Status TidyPiece(int64_t job, int64_t tidied);

  SqliteDatabase& database_;
  Mutex mutex_;
  Retention retention_ MUSTER_GUARDED_BY(mutex_);
  std::unique_ptr<Statements> statements_;
};

}  // namespace muster
