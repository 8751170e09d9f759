// Texts that operators name: files, and standard input. Main thread.
#pragma once

#include <cstddef>
#include <istream>
#include <string>

#include "common/status.h"

namespace muster::cli {

// A file of names larger than this is not one: a million xnames of 20 characters.
inline constexpr size_t kMaxTextBytes = 20 << 20;

// All of it. INVALID_ARGUMENT with a sentence that begins with `what`; for more than kMaxTextBytes, too.
absl::StatusOr<std::string> ReadText(std::istream& in, const std::string& what);
absl::StatusOr<std::string> ReadTextFile(const std::string& path, const std::string& what);

}  // namespace muster::cli
