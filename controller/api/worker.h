// The one thread on which the operators' API reads the store and resolves nodes, so that gRPC's few threads never wait.
// Post and PostReserved from any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "common/mutex.h"

namespace muster {

// Calls that wait. More are told to try again.
inline constexpr size_t kMaxWaitingCalls = 256;

class Worker {
 public:
  Worker();
  // Runs what is queued, then ends.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False if kMaxWaitingCalls wait.
  bool Post(std::function<void()> task);
  // Always taken: for the next step of what was let in before and is bounded there.
  void PostReserved(std::function<void()> task);

 private:
  void Run();

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> tasks_ MUSTER_GUARDED_BY(mutex_);
  bool is_ending_ MUSTER_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace muster
