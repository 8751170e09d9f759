// What has happened in a job, as lines that stay on the screen: every bad end, second by second; the good ones by the minute.
//
// The lines are a function of how the tasks have ended and when, and of nothing else: not of how the watch cut its messages, where it
// broke off, or when it joined. So a job has one history, whoever reads it. What a task went through before it ended is no part of
// it, for the store forgets that.
//
// Ends are added as they become known; they are told once it is sure that no other belongs before them or to the same group. A minute
// has at most kMaxAlone lines of bad ends by the second; what is beyond, and what is good, has one line for each state and reason
// when the minute is over. So a job of ten thousand failures stays readable. Nothing in a line depends on the width of
// a screen. Times are the controller's, in UTC. Plain data, one thread at a time.
//
// If musterd starts again with a clock that was set back, what follows is told as it comes, and a watch that joins later tells it
// in the order of the times.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "controller/cli/job_view.h"
#include "controller/cli/screen_text.h"

namespace muster::cli {

class JobHistory {
 public:
  static constexpr int kMaxAlone = 10;

  // What is known of a task, in any order and as often as it is heard.
  void Add(const v1::Task& task);

  // The lines that became certain: every end before `second` (of the controller's time, since 1970) has been added.
  std::vector<ScreenLine> TellBefore(int64_t second);
  // Whether that would give a line now.
  bool HasLinesBefore(int64_t second) const;

  // The rest, and how the job ended: all its tasks have been added.
  std::vector<ScreenLine> TellEnd(const v1::Job& job);

 private:
  struct Group {
    v1::TaskState state{};
    v1::Reason reason{};
    // By node, in the order of names: what is said of it.
    std::map<std::string, std::string, NaturalOrder> details;
  };
  // Worst first, as in the report.
  using Key = std::tuple<int, int, int>;
  using Groups = std::map<Key, Group>;

  void TellSecond(int64_t second, Groups& groups, std::vector<ScreenLine>& lines);
  void TellMinute(std::vector<ScreenLine>& lines);
  void TellDay(int64_t second, std::vector<ScreenLine>& lines);
  static ScreenLine LineOf(const std::string& time, const Group& group, bool is_rest);

  std::set<std::string> known_;       // who has ended
  std::map<int64_t, Groups> untold_;  // by second
  int64_t minute_ = 0;                // of what was told last
  int64_t day_ = 0;
  int alone_ = 0;  // lines of this minute so far
  Groups rest_;    // of this minute, for its end
};

}  // namespace muster::cli
