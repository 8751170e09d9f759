#include "controller/cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

namespace muster::cli {
namespace {

constexpr std::chrono::seconds kLogInterval{10};
// A terminal is not slowed down by a job of ten thousand tasks.
constexpr std::chrono::milliseconds kLiveInterval{100};
// Rates and times left change while nothing happens.
constexpr std::chrono::seconds kTickInterval{1};

// The line, to the end of the screen; the terminal may have shown a ^C at its beginning.
constexpr char kErase[] = "\r\033[J";
constexpr char kDoNotBreak[] = "\033[?7l";  // lines at the right edge
constexpr char kBreakAgain[] = "\033[?7h";

}  // namespace

bool Progress::IsDue() const {
  const auto since = SteadyClock::now() - last_time_;
  return terminal_.has_escapes ? !has_line_ || since >= kLiveInterval : since >= kLogInterval;
}

void Progress::Show(LiveModel model, std::string log_line) {
  meter_.Add(SteadyClock::now(), model.Ended());
  model_ = std::move(model);
  log_line_ = std::move(log_line);
  is_shown_ = false;
  if (IsDue()) ShowNow();
}

void Progress::ShowNow() {
  is_shown_ = true;
  if (terminal_.has_escapes) return Draw();
  if (log_line_ == logged_) return;
  Write(fmt::format("muster: {}\n", log_line_));
  logged_ = log_line_;
  last_time_ = SteadyClock::now();
}

void Progress::Tell(const std::vector<ScreenLine>& lines) {
  if (lines.empty()) return;
  std::string text = has_line_ ? kErase : "";
  for (const ScreenLine& line : lines) text += TextOf(line) + "\n";
  Write(text);
  if (has_line_) Draw();
}

void Progress::Say(const std::string& sentence) { Tell({ScreenLine{{"muster: " + sentence}}}); }

void Progress::Ask(std::string question) {
  if (question == question_) return;
  question_ = std::move(question);
  if (terminal_.has_escapes) return Draw();
  if (!question_.empty()) Write(fmt::format("muster: {}\n", question_));
}

void Progress::Tick(bool has_new_size) {
  if (!is_shown_ && IsDue()) return ShowNow();
  if (!has_line_) return;
  if (has_new_size || SteadyClock::now() - last_time_ >= kTickInterval) Draw();
}

void Progress::Clear() {
  if (has_line_) Write(kErase);
  has_line_ = false;
  is_shown_ = true;
}

void Progress::Draw() {
  // The last column stays free: there, terminals differ.
  const ScreenLine line = LiveLine(terminal_.Columns() - 1);
  Write(fmt::format("{}{}{}{}\r", kErase, kDoNotBreak, TextOf(line), kBreakAgain));
  has_line_ = true;
  last_time_ = SteadyClock::now();
}

ScreenLine Progress::LiveLine(size_t columns) const {
  ScreenLine line;
  if (!question_.empty()) {
    line.push_back({Shortened(question_, columns), Tone::kCaution});
    columns -= Columns(line.front().text);
    // What is left is for the job, if that is enough for its count.
    if (columns < 20) return line;
    line.push_back({"  "});
    columns -= 2;
  }
  if (!model_) return line;
  const auto now = SteadyClock::now();
  Pace pace{meter_.Rate(now), meter_.TimeLeft(now, model_->total)};
  // A job that stands still has no time left that anybody could tell.
  if (!model_->remark.empty()) pace = {};
  const ScreenLine live = FitLiveLine(*model_, pace, columns);
  line.insert(line.end(), live.begin(), live.end());
  return line;
}

std::string Progress::TextOf(const ScreenLine& line) const {
  return terminal_.has_colours ? ColouredText(line) : PlainText(line);
}

void Progress::Write(const std::string& text) const {
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = write(terminal_.fd, text.data() + at, text.size() - at);
    if (written < 0 && errno != EINTR) return;
    if (written > 0) at += static_cast<size_t>(written);
  }
}

}  // namespace muster::cli
