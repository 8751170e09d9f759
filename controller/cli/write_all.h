// A write that goes on until all is written. Any thread.
#pragma once

#include <string>

#include "common/status.h"

namespace muster::cli {

// Errors of an errno, which say `what`.
absl::Status WriteAll(int file, const std::string& bytes, const std::string& what);

}  // namespace muster::cli
