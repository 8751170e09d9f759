// What an operator sees while a job runs, on standard error: lines that stay, and on a terminal below them one that is drawn over. Elsewhere,
// and in the background of a terminal, that one is a line of its own at most each ten seconds, only when something changed, without
// escape codes. Main thread.
//
// The cursor stands at the beginning of the line that is drawn over: a screen that becomes narrower may break it into
// several, and what is erased from the cursor on is all of them. It is written in one piece and never longer than the screen
// is wide, and the terminal is told not to break it if the screen has become narrower since. (Where the line stands near the top of an
// empty screen, tmux 3.3 moves the cursor away from it as it breaks it, and a piece may stay behind.)
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controller/cli/live_line.h"
#include "controller/cli/screen_text.h"
#include "controller/cli/terminal.h"

namespace muster::cli {

class Progress {
 public:
  explicit Progress(Terminal terminal) : terminal_(terminal) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Below all others. `log_line`: the same where nothing can be drawn over; called until the next Show or Clear, when it is written.
  void Show(LiveModel model, std::function<std::string()> log_line);
  // Whether Show would show anything now; for what is dear to make.
  bool IsDue() const;
  // Lines that stay.
  void Tell(const std::vector<ScreenLine>& lines);
  // "muster: ", and a sentence that stays: of this watch, not of what is watched.
  void Say(const std::string& sentence);
  // A question stands in front of the line until it is "".
  void Ask(std::string question);
  // Draws again what time has changed; at once if the screen has another size.
  void Tick(bool has_new_size);
  // Nothing is shown below the others any more.
  void Clear();

  const Terminal& terminal() const { return terminal_; }

 private:
  using SteadyClock = std::chrono::steady_clock;

  void ShowNow();
  void LookWhereWeAre();
  void Draw();
  ScreenLine LiveLine(size_t columns);
  std::string TextOf(const ScreenLine& line) const;
  void Write(const std::string& text) const;

  const Terminal terminal_;
  std::optional<LiveModel> model_;
  RateMeter meter_;
  std::string question_;
  bool draws_ = terminal_.has_escapes && !terminal_.IsInBackground();
  bool has_line_ = false;
  std::function<std::string()> log_line_;      // of what Show was given last
  std::string logged_;                         // the last that was written
  bool is_shown_ = true;                       // what Show was given last
  Duration live_interval_ = Duration::zero();  // between two drawings
  SteadyClock::time_point last_time_ = SteadyClock::now();
};

}  // namespace muster::cli
