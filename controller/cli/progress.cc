#include "controller/cli/progress.h"

#include <fmt/core.h>

#include <cstdio>

#include "controller/cli/report.h"

namespace muster::cli {
namespace {

constexpr std::chrono::seconds kLogInterval{10};
// A terminal is not slowed down by a job of ten thousand tasks.
constexpr std::chrono::milliseconds kLiveInterval{100};

}  // namespace

void Progress::Show(const JobView& view) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_due = is_terminal_ ? !has_line_ || now - last_time_ >= kLiveInterval
                                   : now - last_time_ >= kLogInterval;
  if (!is_due) return;
  std::string line = ProgressLine(view);
  if (line == last_) return;
  if (is_terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    has_line_ = true;
  } else {
    fmt::print(stderr, "muster: {}\n", line);
  }
  last_ = std::move(line);
  last_time_ = now;
}

void Progress::Say(const std::string& sentence) {
  Clear();
  fmt::print(stderr, "muster: {}\n", sentence);
}

void Progress::Clear() {
  if (has_line_) fmt::print(stderr, "\r\033[K");
  has_line_ = false;
  last_.clear();
}

}  // namespace muster::cli
