// All pages of a list of nodes. Main thread.
#pragma once

#include <vector>

#include "controller/cli/connection.h"

namespace muster::cli {

// The nodes that `request` asks for, whatever it says of pages.
absl::StatusOr<std::vector<v1::Node>> FetchNodes(Connection& connection,
                                                 v1::ListNodesRequest request);

}  // namespace muster::cli
