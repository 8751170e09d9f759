// Nodes as `sat status` prints them. Its layout changes between versions and from call to call: columns come and go, an alias may
// be two words. So the column of xnames is found by its heading or by what it holds, never by its number. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "common/status.h"

namespace muster::cli {

struct SatStatus {
  std::vector<std::string> xnames;  // in natural order, each once; at least one
  // Nodes in each, where it was printed.
  std::map<std::string, size_t> states = {};
  std::map<std::string, size_t> roles = {};
};

// Reads every format and layout of `sat status`, whole or after grep. INVALID_ARGUMENT with one sentence, mostly with a line, wherever it
// is not certain which nodes are meant: nothing that looks like a node's xname, or two columns of them; components that
// are no nodes; rows that are not alike; a text that was cut off.
absl::StatusOr<SatStatus> ReadSatStatus(const std::string& text);

// "9998 nodes (9990 Ready, 8 Standby; 9998 Compute)".
std::string SatInWords(const SatStatus& status);

}  // namespace muster::cli
