// What Ctrl-C asks while a job is followed: leave it, cancel it, or go on. One key on the terminal that standard input is; nobody waits for
// it, and without an answer in kPatience it goes on as if nothing had been asked.
//
// While it is open the terminal gives keys as they are typed and shows none of them; how it was is put back when it is answered or goes
// away. Main thread, but for Close.
#pragma once

#include <termios.h>

#include <chrono>
#include <optional>
#include <string>

#include "common/mutex.h"
#include "controller/cli/terminal.h"

namespace muster::cli {

class Question {
 public:
  enum class Answer { kDetach, kCancel, kGoOn };
  static constexpr std::chrono::seconds kPatience{30};

  Question();
  ~Question() { Close(); }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  // Standard input is a terminal, and ours to read from: not of a job in the background.
  static bool CanBeAsked();
  // As much of it as fits so many columns.
  static std::string Text(size_t columns);

  // Stays closed if it cannot be asked any more.
  void Open();
  bool is_open() const;
  // What was answered, if it was; then it is closed. A key counts alone: not one of several that came together. Never blocks.
  std::optional<Answer> TakeAnswer();
  // Any thread.
  void Close();

 private:
  std::optional<Answer> Read() const;

  const Terminal terminal_;
  mutable Mutex mutex_;
  std::optional<termios> before_ MUSTER_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point asked_;
};

}  // namespace muster::cli
