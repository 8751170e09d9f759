// Keeps muster.db from growing for ever: see JobStore::Tidy. Owned by the store; its thread only.
#pragma once

#include <cstdint>
#include <memory>

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

  // One piece, in a transaction of its own. As of JobStore::Tidy.
  absl::StatusOr<bool> Work(Time now);

 private:
  struct Statements;

  Tidier(SqliteDatabase& database, Retention retention);
  absl::Status PrepareStatements();
  absl::StatusOr<bool> WorkInTransaction(Time now);
  absl::StatusOr<int64_t> HideJobsBeyondRetention(Time now);
  absl::Status RemovePiece(int64_t job);
  absl::Status RemoveRest(int64_t job);
  absl::Status TidyPiece(int64_t job, int64_t tidied);

  SqliteDatabase& database_;
  const Retention retention_;
  std::unique_ptr<Statements> statements_;
};

}  // namespace muster
