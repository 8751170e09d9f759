// What is going to happen, in the order of its time, and in the order in which it was put down where times are equal. This is the clock of a
// simulated run: it jumps from one event to the next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "common/time.h"

namespace muster::sim {

class Agenda {
 public:
  Duration now() const { return now_; }
  uint64_t done() const { return done_; }

  // At once if `when` has passed, but never inside this call.
  void At(Duration when, std::function<void()> what) {
    uint32_t slot = static_cast<uint32_t>(slots_.size());
    if (free_.empty()) {
      slots_.push_back(std::move(what));
    } else {
      slot = free_.back();
      free_.pop_back();
      slots_[slot] = std::move(what);
    }
    heap_.push_back({std::max(when, now_), ++sequence_, slot});
    std::push_heap(heap_.begin(), heap_.end(), IsLater());
  }
  void After(Duration delay, std::function<void()> what) { At(now_ + delay, std::move(what)); }

  // False if nothing is left.
  bool RunNext() {
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), IsLater());
    const Entry entry = heap_.back();
    heap_.pop_back();
    now_ = entry.at;
    ++done_;
    const std::function<void()> what = std::exchange(slots_[entry.slot], nullptr);
    free_.push_back(entry.slot);
    what();
    return true;
  }
  std::optional<Duration> next() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().at;
  }

 private:
  struct Entry {
    Duration at;
    uint64_t sequence;
    uint32_t slot;
  };
  struct IsLater {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
  };

  Duration now_{};
  uint64_t sequence_ = 0;
  uint64_t done_ = 0;
  std::vector<Entry> heap_;
  std::vector<std::function<void()>> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace muster::sim
