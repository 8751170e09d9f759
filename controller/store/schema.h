// The tables of muster.db, and how a file becomes or proves to be one.
#pragma once

#include <string>

#include "common/status.h"
#include "controller/store/sqlite.h"

namespace muster {

inline constexpr char kDatabaseFile[] = "muster.db";

// Connection settings, then: makes the tables in a new file, or checks that an old one is ours and of a version that we know.
// FAILED_PRECONDITION with what to do if it is neither. `path` is for the sentence.
absl::Status PrepareSchema(SqliteDatabase& database, const std::string& path);

}  // namespace muster
