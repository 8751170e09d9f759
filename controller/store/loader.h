// Reads all of muster.db at start.
#pragma once

#include "common/status.h"
#include "controller/store/job_store.h"
#include "controller/store/sqlite.h"

namespace muster {

absl::StatusOr<Loaded> LoadAll(SqliteDatabase& database);

}  // namespace muster
