// The operations in muster.db, on one connection: the writer's or the reader's, and on its thread. See schema.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/operation/operations.h"
#include "controller/store/sqlite.h"

namespace muster {

// So many that have ended stay; the oldest go when a new one is made.
inline constexpr int kMaxKeptOperations = 1000;

class OperationTable {
 public:
  // `database` outlives it.
  static absl::StatusOr<std::unique_ptr<OperationTable>> Make(SqliteDatabase& database);

  // Within the caller's transaction. INTERNAL for a change of one that is not there.
  absl::Status Write(const OperationRecord& record);
  // Those that have not ended, and the requests of all.
  absl::StatusOr<LoadedOperations> Load();
  // NOT_FOUND.
  absl::StatusOr<OperationRecord> Get(const std::string& id);
  // Of that content, the oldest first; of any, if it is empty.
  absl::StatusOr<std::vector<std::string>> OfContent(const std::string& content);
  // The newest first; those before `before_id` if it is not empty.
  absl::StatusOr<std::vector<OperationRecord>> List(size_t limit, const std::string& before_id);

 private:
  explicit OperationTable(SqliteDatabase& database) : database_(database) {}
  absl::Status Insert(const OperationRecord& record);

  SqliteDatabase& database_;
  std::unique_ptr<SqliteStatement> insert_, drop_old_, update_, running_, requests_, get_, list_,
      of_content_;
};

}  // namespace muster
