// From older versions of muster.db to this one's.
#pragma once

#include <string>

#include "common/status.h"
#include "controller/store/sqlite.h"

namespace muster {

// From version 1 to 2, within a transaction of the caller's. `new_tables` are the statements that make what version 2 has and
// version 1 has not.
absl::Status MigrateFrom1(SqliteDatabase& database, const std::string& new_tables);

}  // namespace muster
