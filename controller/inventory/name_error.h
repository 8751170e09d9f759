// What an error says of names. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"

namespace muster {

// Folded; a longer text is cut: an error travels in a trailer, where gRPC takes 8 KiB.
std::string ShownNames(const std::vector<std::string>& names);
// NOT_FOUND: nobody knows them.
absl::Status UnknownNames(const std::vector<std::string>& names);

}  // namespace muster
