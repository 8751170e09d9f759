// Reads muster.db at start.
#pragma once

#include <cstddef>

#include "common/status.h"
#include "controller/store/job_store.h"
#include "controller/store/sqlite.h"

namespace muster {

// As of JobStore::Load.
absl::StatusOr<Loaded> LoadNewest(SqliteDatabase& database, size_t max_ended_jobs);

}  // namespace muster
