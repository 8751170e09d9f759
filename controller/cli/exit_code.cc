#include "controller/cli/exit_code.h"

#include <fmt/core.h>

#include <cstdio>

#include "controller/cli/printable.h"

namespace muster::cli {

ExitCode ExitCodeOf(const TaskCounts& counts) {
  uint64_t done = 0;
  for (const auto& [state, count] : counts) {
    switch (state) {
      case v1::TASK_STATE_SUCCEEDED:
      case v1::TASK_STATE_ALREADY_SATISFIED:
        done += count;
        break;
      case v1::TASK_STATE_NOT_APPLICABLE:
        break;
      default:  // also states of a newer controller: what we cannot name we do not call success
        if (count > 0) return ExitCode::kFailure;
    }
  }
  return done > 0 ? ExitCode::kSuccess : ExitCode::kFailure;
}

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kSuccess;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kOutOfRange:
      return ExitCode::kUsage;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kUnreachable;
    case absl::StatusCode::kCancelled:  // only ever by Ctrl-C; see Connection
      return ExitCode::kStoppedWaiting;
    default:
      return ExitCode::kFailure;
  }
}

ExitCode Fail(const absl::Status& status) {
  fmt::print(stderr, "muster: {}\n", Printable(Message(status)));
  return ExitCodeOf(status);
}

}  // namespace muster::cli
