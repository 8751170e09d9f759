#include "controller/cli/progress.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "controller/cli/write_all.h"

namespace muster::cli {
namespace {

constexpr std::chrono::seconds kLogInterval{10};
// A terminal is not slowed down by a job of ten thousand tasks.
constexpr std::chrono::milliseconds kLiveInterval{100};
// Nor by one of a hundred thousand: of so many parts of the time one is for drawing.
constexpr int kDrawingShare = 10;
// Rates and times left change while nothing happens.
constexpr std::chrono::seconds kTickInterval{1};

// The line, to the end of the screen; the terminal may have shown a ^C at its beginning.
constexpr char kErase[] = "\r\033[J";
constexpr char kDoNotBreak[] = "\033[?7l";  // lines at the right edge
constexpr char kBreakAgain[] = "\033[?7h";

}  // namespace

bool Progress::IsDue() const {
  const auto since = SteadyClock::now() - last_time_;
  return draws_ ? !has_line_ || since >= live_interval_ : since >= kLogInterval;
}

void Progress::Show(LiveModel model, std::function<std::string()> log_line) {
  LookWhereWeAre();
  meter_.Add(SteadyClock::now(), model.Ended());
  if (model_) model.waiting.TakeTextOf(std::move(model_->waiting));
  model_ = std::move(model);
  log_line_ = std::move(log_line);
  is_shown_ = false;
  if (IsDue()) ShowNow();
}

void Progress::ShowNow() {
  is_shown_ = true;
  if (draws_) return Draw();
  last_time_ = SteadyClock::now();
  const std::string line = log_line_();
  if (line == logged_) return;
  Write(fmt::format("muster: {}\n", line));
  logged_ = line;
}

void Progress::Tell(const std::vector<ScreenLine>& lines) {
  if (lines.empty()) return;
  LookWhereWeAre();
  std::string text = has_line_ ? kErase : "";
  for (const ScreenLine& line : lines) text += TextOf(line) + "\n";
  Write(text);
  if (has_line_) Draw();
}

void Progress::Say(const std::string& sentence) { Tell({ScreenLine{{"muster: " + sentence}}}); }

void Progress::Ask(std::string question) {
  LookWhereWeAre();
  if (question == question_) return;
  question_ = std::move(question);
  if (question_.empty() && !model_) return Clear();
  if (draws_) return Draw();
  if (!question_.empty()) Write(fmt::format("muster: {}\n", question_));
}

void Progress::Tick(bool has_new_size) {
  LookWhereWeAre();
  if (!is_shown_ && IsDue()) return ShowNow();
  if (!has_line_) return;
  if (has_new_size || SteadyClock::now() - last_time_ >= kTickInterval) Draw();
}

void Progress::Clear() {
  LookWhereWeAre();
  if (has_line_) Write(kErase);
  has_line_ = false;
  is_shown_ = true;
  model_.reset();
  log_line_ = nullptr;
  meter_ = {};
}

// In the background lines are told, as to a file. What was drawn is the shell's then, or has scrolled away with its prompt.
void Progress::LookWhereWeAre() {
  const bool draws = terminal_.has_escapes && !terminal_.IsInBackground();
  if (draws == std::exchange(draws_, draws)) return;
  has_line_ = false;
  if (draws) is_shown_ = !model_;
}

void Progress::Draw() {
  // The last column stays free: there, terminals differ.
  const auto start = SteadyClock::now();
  const ScreenLine line = LiveLine(terminal_.Columns() - 1);
  Write(fmt::format("{}{}{}{}\r", kErase, kDoNotBreak, TextOf(line), kBreakAgain));
  has_line_ = true;
  last_time_ = SteadyClock::now();
  live_interval_ = std::max<Duration>(kLiveInterval, kDrawingShare * (last_time_ - start));
}

ScreenLine Progress::LiveLine(size_t columns) {
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
  // Without a screen the job goes on all the same.
  WriteAll(terminal_.fd, text, "write to the terminal").IgnoreError();
}

}  // namespace muster::cli
