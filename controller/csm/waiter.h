// What waits between two tries, the luck in how long, and the end of all waiting when the program stops. A seam: tests wait with a clock of
// their own. Any thread.
#pragma once

#include <random>

#include "common/mutex.h"
#include "common/time.h"

namespace muster {

class Waiter {
 public:
  virtual ~Waiter() = default;
  // Blocks for so long. False at once if stopped, or as soon as it is.
  [[nodiscard]] virtual bool Wait(Duration duration) = 0;
  // From 0 up to but not including 1, each alike.
  virtual double Random() = 0;
  virtual bool is_stopped() const = 0;
};

// Real time.
class SystemWaiter final : public Waiter {
 public:
  SystemWaiter();
  bool Wait(Duration duration) override;
  double Random() override;
  bool is_stopped() const override;
  // For good.
  void Stop();

 private:
  mutable Mutex mutex_;
  CondVar stopped_;
  bool is_stopped_ MUSTER_GUARDED_BY(mutex_) = false;
  std::mt19937_64 random_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
