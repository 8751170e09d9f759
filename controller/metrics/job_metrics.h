// What jobs do, counted as it is committed. Owned by main; `Add` from any thread, the rest on the runner's.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <vector>

#include "common/mutex.h"
#include "controller/metrics/metric_list.h"
#include "controller/runner/batch_observer.h"

namespace muster {

class JobMetrics final : public BatchObserver {
 public:
  // `registry`, which gets its counters and histograms, is lent and outlives it.
  explicit JobMetrics(prometheus::Registry& registry);

  void OnStart(const Engine& engine) override;
  void OnCommitted(const std::vector<Record>& records, const Engine& engine,
                   Duration took) override;
  void OnCommitFailed() override;

  // What is under way, as of the newest commit.
  void Add(MetricList& list) const;

 private:
  static constexpr size_t kJobStates = 7;

  struct Now {
    std::array<uint64_t, kJobStates> jobs{};
    TaskCounts tasks{};
    bool is_guided = false;  // a resubscription is under way; the next two are of it
    double starts_per_second = 0;
    uint32_t in_flight = 0;
    bool store_works = true;
  };

  void Count(const TaskChanged& changed, const LiveJob* job);
  static Now Sum(const Engine& engine);

  prometheus::Family<prometheus::Counter>& jobs_ended_;
  prometheus::Family<prometheus::Counter>& tasks_ended_;
  prometheus::Counter& failed_commits_;
  prometheus::Histogram& commit_;
  prometheus::Histogram& dispatch_;
  prometheus::Histogram& outcome_;

  mutable Mutex mutex_;
  Now now_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
