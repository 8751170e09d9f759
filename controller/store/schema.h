// The tables of muster.db, and how a file becomes or proves to be one.
#pragma once

#include <string>

#include "common/status.h"
#include "controller/store/sqlite.h"

namespace muster {

inline constexpr char kDatabaseFile[] = "muster.db";

// Connection settings, then: makes the tables in a new file, or checks that an old one is ours, of a version that we know and not
// damaged, and brings it to our version in one transaction, which a log line tells. FAILED_PRECONDITION with what to do if it is
// another program's or a newer musterd's, DATA_LOSS if it is damaged; the file is then as it was. `path` is for the sentence.
absl::Status PrepareSchema(SqliteDatabase& database, const std::string& path);

}  // namespace muster
