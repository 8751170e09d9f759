// Time for tests that wait: it stands still, and moves on by as much as anybody waits. Any thread.
#pragma once

#include <vector>

#include "common/mutex.h"
#include "common/time.h"
#include "controller/csm/waiter.h"

namespace muster {

class ManualTime final : public Clock, public Waiter {
 public:
  Time Now() const override {
    const MutexLock lock(mutex_);
    return now_;
  }
  uint64_t BoottimeNs() const override { return 4711; }
  void Advance(Duration by) {
    const MutexLock lock(mutex_);
    now_ += by;
  }

  bool Wait(Duration duration) override {
    const MutexLock lock(mutex_);
    waits_.push_back(duration);
    now_ += duration;
    return !is_stopped_;
  }
  // The longest wait there can be.
  double Random() override { return 1; }
  bool is_stopped() const override {
    const MutexLock lock(mutex_);
    return is_stopped_;
  }
  void Stop() {
    const MutexLock lock(mutex_);
    is_stopped_ = true;
  }
  std::vector<Duration> waits() const {
    const MutexLock lock(mutex_);
    return waits_;
  }

 private:
  mutable Mutex mutex_;
  Time now_ MUSTER_GUARDED_BY(mutex_) = Time(24h * 365 * 56);
  bool is_stopped_ MUSTER_GUARDED_BY(mutex_) = false;
  std::vector<Duration> waits_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
