// What the controller's work has cost, and how that is taken. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>

namespace muster::sim {

// Seconds on the machine's clock, and of them those of this thread on a core: the rest is the disk, and who else uses the machine.
struct Spent {
  double wall_s = 0;
  double cpu_s = 0;
  void Add(const Spent& other) {
    wall_s += other.wall_s;
    cpu_s += other.cpu_s;
  }
};

inline double CpuSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Calls `what`. On the machine's clock alone it is cheap enough for each event.
template <typename What>
double WallSecondsOf(What what) {
  const auto begin = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
template <typename What>
Spent SpentOn(What what) {
  const double cpu_begin = CpuSeconds();
  const double wall_s = WallSecondsOf(what);
  return {wall_s, CpuSeconds() - cpu_begin};
}

struct Costs {
  uint64_t events = 0;
  uint64_t records = 0;
  uint64_t commits = 0;
  Spent engine;
  Spent store;
  Spent deliver;  // sends and answers are handed over, the batch is freed

  Spent all() const {
    Spent sum = engine;
    sum.Add(store);
    sum.Add(deliver);
    return sum;
  }
  void Add(const Costs& other) {
    events += other.events;
    records += other.records;
    commits += other.commits;
    engine.Add(other.engine);
    store.Add(other.store);
    deliver.Add(other.deliver);
  }
};

// The longest of many pieces of work, and which it was.
struct Longest {
  double seconds = 0;
  std::string what;
  void Note(double wall_s, const std::string& name = "") {
    if (wall_s <= seconds) return;
    seconds = wall_s;
    what = name;
  }
};

}  // namespace muster::sim
