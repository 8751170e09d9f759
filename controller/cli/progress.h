// What an operator sees while a job runs, on standard error: on a terminal one line that is written over, else a line at most
// each ten seconds and only when something changed. Main thread.
#pragma once

#include <chrono>
#include <string>

#include "controller/cli/job_view.h"

namespace muster::cli {

class Progress {
 public:
  explicit Progress(bool is_terminal) : is_terminal_(is_terminal) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(const JobView& view);
  // What stands on the line that is written over.
  void ShowLine(std::string line);
  // Whether ShowLine would show anything now; for lines that are dear to make.
  bool IsDue() const;
  // A sentence of its own, not written over.
  void Say(const std::string& sentence);
  void Clear();

 private:
  bool is_terminal_;
  bool has_line_ = false;
  std::string last_;
  std::chrono::steady_clock::time_point last_time_ = std::chrono::steady_clock::now();
};

}  // namespace muster::cli
