// Durations as operators write and read them. Pure; any thread.
#pragma once

#include <string>

#include "common/status.h"
#include "common/time.h"

namespace muster::cli {

// Longer than this is a typing mistake: no job and no wait lasts a year.
inline constexpr Duration kMaxDuration = std::chrono::hours(24 * 365);

// "500ms", "30s", "2min" or "2m", "1h", "1.5h", and a number alone for seconds. INVALID_ARGUMENT with a sentence otherwise.
absl::StatusOr<Duration> ParseDuration(const std::string& text);

// "350 ms", "7.2 s", "2 min 5 s", "3 h 20 min".
std::string FormatDuration(Duration duration);

}  // namespace muster::cli
