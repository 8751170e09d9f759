// Errors are absl::Status with one sentence: what was tried, on what, what came back, what to do. Debian's Abseil has its own
// string_view, so texts are built with fmt and read back into std::string.
//
// Codes as gRPC means them: UNAVAILABLE try again; FAILED_PRECONDITION not until something changes; INVALID_ARGUMENT never
// as asked; DEADLINE_EXCEEDED time ran out.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <string>
#include <utility>

namespace muster {

template <typename... Args>
absl::Status MakeStatus(absl::StatusCode code, fmt::format_string<Args...> format, Args&&... args) {
  return absl::Status(code, fmt::format(format, std::forward<Args>(args)...));
}

// The sentence of a status.
inline std::string Message(const absl::Status& status) { return std::string(status.message()); }

// "open /run/x: No such file or directory", with a code that fits the errno value.
absl::Status ErrnoStatus(int error, const std::string& what);

}  // namespace muster

// Return a failed status from a function that returns Status or StatusOr.
#define MUSTER_RETURN_IF_ERROR(expression)                                                       \
  do {                                                                                           \
    if (absl::Status muster_status_ = (expression); !muster_status_.ok()) return muster_status_; \
  } while (false)
