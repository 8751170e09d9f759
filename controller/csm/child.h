// A program that is run to its end by an argument vector, without a shell. Blocks the caller's thread; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/time.h"

namespace muster {

// Of each output, the last bytes that are kept. kubectl says what it has to say in a few hundred.
inline constexpr size_t kMaxChildOutput = 64 << 10;

struct ChildRun {
  // The program first, looked for in PATH if it has no '/'. The environment is ours.
  std::vector<std::string> arguments;
  Duration timeout;
  // True ends it, within a tenth of a second. May be empty.
  std::function<bool()> is_stopped = {};
};

struct ChildResult {
  int exit_code = 0;  // 128 and its number for one that a signal ended
  std::string output;
  std::string errors;
};

// Standard input is empty. At the deadline the program is killed with its process group: DEADLINE_EXCEEDED; when stopped: CANCELLED. One that
// cannot be run: FAILED_PRECONDITION. Any exit code is a result.
absl::StatusOr<ChildResult> RunChild(const ChildRun& run);

}  // namespace muster
