// What Ctrl-C asks while a job is followed: leave it, cancel it, or go on. One key on the terminal that standard input is; nobody waits for
// it, and without an answer in kPatience it goes on as if nothing had been asked.
//
// While it is open the terminal gives keys as they are typed and shows none of them; how it was is put back when it is answered or goes
// away. Main thread.
#pragma once

#include <termios.h>

#include <chrono>
#include <optional>
#include <string>

namespace muster::cli {

class Question {
 public:
  enum class Answer { kDetach, kCancel, kGoOn };
  static constexpr std::chrono::seconds kPatience{30};

  ~Question() { Close(); }

  // Standard input is a terminal, and ours to read from: not of a job in the background.
  static bool CanBeAsked();
  // As much of it as fits so many columns.
  static std::string Text(size_t columns);

  // Stays closed if it cannot be asked any more.
  void Open();
  bool is_open() const { return before_.has_value(); }
  // What was answered, if it was; then it is closed. Never blocks.
  std::optional<Answer> TakeAnswer();
  void Close();

 private:
  std::optional<Answer> Read() const;

  std::optional<termios> before_;
  std::chrono::steady_clock::time_point asked_;
};

}  // namespace muster::cli
