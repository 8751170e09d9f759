#include "controller/cli/question.h"

#include <poll.h>
#include <unistd.h>

#include "controller/cli/screen_text.h"
#include "controller/cli/terminal.h"

namespace muster::cli {

bool Question::CanBeAsked() {
  return isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

Question::Question() : terminal_(Terminal::Of(STDIN_FILENO)) {}

std::string Question::Text(size_t columns) {
  for (const char* text : {"detach or cancel? [d]etach (default) / [c]ancel / [g]o on",
                           "[d]etach (default) / [c]ancel / [g]o on", "[d]etach/[c]ancel/[g]o on"})
    if (Columns(text) <= columns) return text;
  return "[d] [c]ancel [g]o";
}

void Question::Open() {
  const MutexLock lock(mutex_);
  termios now{};
  if (!CanBeAsked()) return;
  if (tcgetattr(STDIN_FILENO, &now) != 0) return;
  before_ = now;
  asked_ = std::chrono::steady_clock::now();
  now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  now.c_cc[VMIN] = 1;
  now.c_cc[VTIME] = 0;
  // What was typed before the question is no answer to it.
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
}

bool Question::is_open() const {
  const MutexLock lock(mutex_);
  return before_.has_value();
}

std::optional<Question::Answer> Question::TakeAnswer() {
  if (!is_open()) return std::nullopt;
  std::optional<Answer> answer = terminal_.IsInBackground() ? Answer::kGoOn : Read();
  if (!answer && std::chrono::steady_clock::now() - asked_ >= kPatience) answer = Answer::kGoOn;
  if (answer) Close();
  return answer;
}

void Question::Close() {
  const MutexLock lock(mutex_);
  // In the background it would stop us, and the shell has put it back.
  if (before_ && !terminal_.IsInBackground()) tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
  before_.reset();
}

std::optional<Question::Answer> Question::Read() const {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (poll(&input, 1, 0) > 0) {
    char keys[256];
    const ssize_t count = read(STDIN_FILENO, keys, sizeof keys);
    if (count <= 0) return Answer::kDetach;  // the terminal is gone
    // An arrow is several bytes at once, and the last of Right is a C; what is pasted is no answer either.
    if (count != 1) continue;
    const char key = keys[0];
    if (key == 'd' || key == 'D' || key == '\n' || key == '\r') return Answer::kDetach;
    if (key == 'c' || key == 'C') return Answer::kCancel;
    if (key == 'g' || key == 'G') return Answer::kGoOn;
  }
  return std::nullopt;
}

}  // namespace muster::cli
