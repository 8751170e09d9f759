// The inventory file: which nodes exist, by which names, in which roles. Read at start; any thread.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "controller/inventory/node_registry.h"

namespace muster {

// Reads an inventory file (TOML):
//
//   [[node]]
//   xname = "x1000c0s0b0n0"
//   aliases = ["nid000001", "nid000001-nmn"]
//   role = "Compute"
//
// Only xname is required. Names come back in lower case. INVALID_ARGUMENT with file, line and what is wrong: bad TOML, unknown keys,
// a missing, malformed or repeated xname, an alias of two nodes or that is another node's xname. NOT_FOUND and its like if
// the file cannot be read.
absl::StatusOr<std::vector<InventoryNode>> ReadInventoryFile(const std::string& path);

}  // namespace muster
