#include "controller/csm/waiter.h"

namespace muster {

SystemWaiter::SystemWaiter() : random_(std::random_device()()) {}

bool SystemWaiter::Wait(Duration duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  const MutexLock lock(mutex_);
  while (!is_stopped_) {
    if (stopped_.wait_until(mutex_, end) == std::cv_status::timeout) break;
  }
  return !is_stopped_;
}

double SystemWaiter::Random() {
  const MutexLock lock(mutex_);
  return std::uniform_real_distribution<double>(0, 1)(random_);
}

bool SystemWaiter::is_stopped() const {
  const MutexLock lock(mutex_);
  return is_stopped_;
}

void SystemWaiter::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopped_ = true;
  }
  stopped_.notify_all();
}

}  // namespace muster
