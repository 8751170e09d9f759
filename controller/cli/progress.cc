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

bool Progress::IsDue() const {
  const auto since = std::chrono::steady_clock::now() - last_time_;
  return is_terminal_ ? !has_line_ || since >= kLiveInterval : since >= kLogInterval;
}

void Progress::Show(const JobView& view) {
  if (IsDue()) ShowLine(ProgressLine(view));
}

void Progress::ShowLine(std::string line) {
  if (!IsDue() || line == last_) return;
  if (is_terminal_) {
    fmt::print(stderr, "\r\033[K{}", line);
    has_line_ = true;
  } else {
    fmt::print(stderr, "muster: {}\n", line);
  }
  last_ = std::move(line);
  last_time_ = std::chrono::steady_clock::now();
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
