// When a job or a task has to be looked at: a heap in which nothing is ever changed.
//
// What is woken keeps the time of its one valid entry (`alarm` below) and ignores the others. A deadline that moves to later leaves
// the entry where it is: when it comes the deadline is looked at again. So a task costs one entry most of its life.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "common/time.h"

namespace muster {

inline constexpr Time kNoAlarm = Time::max();

class AlarmQueue {
 public:
  static constexpr uint32_t kWholeJob = std::numeric_limits<uint32_t>::max();

  struct Entry {
    Time at{};
    uint32_t job = 0;           // its number in this life of the engine
    uint32_t task = kWholeJob;  // index
    bool operator>(const Entry& other) const {
      return std::tie(at, job, task) > std::tie(other.at, other.job, other.task);
    }
  };

  // Sees to it that an entry comes at `at` or before.
  void Set(Time at, uint32_t job, uint32_t task, Time* alarm) {
    if (at >= *alarm) return;
    *alarm = at;
    heap_.push({at, job, task});
  }
  std::optional<Time> Next() const {
    return heap_.empty() ? std::nullopt : std::optional<Time>(heap_.top().at);
  }
  // The next entry that has come.
  std::optional<Entry> Pop(Time now) {
    if (heap_.empty() || heap_.top().at > now) return std::nullopt;
    const Entry entry = heap_.top();
    heap_.pop();
    return entry;
  }
  size_t size() const { return heap_.size(); }

 private:
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

}  // namespace muster
