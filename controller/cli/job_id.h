// Jobs as operators name them where an ID is asked for: the whole id, its beginning, or `last`. Main thread.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "controller/cli/connection.h"

namespace muster::cli {

// "jobs/UUID" for the UUID, with or without jobs/; for the beginning of the id of one job only; and for `last`, the newest job that
// was made with this certificate's name. Asks the controller where it must. INVALID_ARGUMENT for what cannot be a name and for a
// beginning that several jobs have; NOT_FOUND.
absl::StatusOr<std::string> FindJobName(Connection& connection, const std::string& text);

// The same for each of --from-job.
absl::Status ResolveJobIds(Connection& connection, v1::Targets& targets);

// The last parts of the names in the operator's certificate, one of which the controller writes to what is made with it.
std::vector<std::string> OwnNames(const std::string& tls_dir);

}  // namespace muster::cli
