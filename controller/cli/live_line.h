// The line that is drawn over while a job runs: how many have ended and how, how fast, how long it will take, who is waited for; in as
// many columns as there are. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/time.h"
#include "controller/cli/job_view.h"
#include "controller/cli/screen_text.h"

namespace muster::cli {

// Nodes, and their folded text once somebody has asked for it: with many nodes that is the dearest part of the line.
class FoldedNodes {
 public:
  FoldedNodes() = default;
  explicit FoldedNodes(std::vector<std::string> nodes) : nodes_(std::move(nodes)) {}

  bool empty() const { return nodes_.empty(); }
  const std::string& Text();
  // What is known already, if these are the same nodes.
  void TakeTextOf(FoldedNodes&& before);

 private:
  std::vector<std::string> nodes_;
  std::optional<std::string> text_;
};

// What is shown of a job.
struct LiveModel {
  uint64_t total = 0;
  TaskCounts counts;
  std::string remark;   // "paused"; empty while it simply runs
  FoldedNodes waiting;  // who has not ended

  uint64_t Ended() const;
};

LiveModel LiveModelOf(const JobView& view);

// How many have ended, over time: the rate of the last kWindow, and what follows from it.
class RateMeter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr Duration kWindow = 30s;
  // Of less nothing can be said.
  static constexpr Duration kLeast = 3s;

  void Add(Time now, uint64_t ended);
  // Ends per second; none while too little is known, and none when nothing has ended for the whole window.
  std::optional<double> Rate(Time now) const;
  // Until the rest has ended, if it goes on like that.
  std::optional<Duration> TimeLeft(Time now, uint64_t total) const;

 private:
  // Oldest first; the first is the newest one from before the window, once there is one.
  std::deque<std::pair<Time, uint64_t>> samples_;
};

struct Pace {
  std::optional<double> rate;
  std::optional<Duration> left;
};

// At most `columns` wide. What matters least is left out first: who is waited for, what is under way, the rate, the good ends, the time
// left, the remark; last the bad ends. The count stays. Folds who is waited for if there is room for that.
ScreenLine FitLiveLine(LiveModel& model, const Pace& pace, size_t columns);

}  // namespace muster::cli
