#include "controller/api/worker.h"

#include <utility>

namespace muster {

Worker::Worker() : thread_([this] { Run(); }) {}

Worker::~Worker() {
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

bool Worker::Post(std::function<void()> task) {
  const MutexLock lock(mutex_);
  if (tasks_.size() >= kMaxWaitingCalls) return false;
  tasks_.push_back(std::move(task));
  changed_.notify_all();
  return true;
}

void Worker::PostReserved(std::function<void()> task) {
  const MutexLock lock(mutex_);
  tasks_.push_back(std::move(task));
  changed_.notify_all();
}

void Worker::Run() {
  while (true) {
    std::function<void()> task;
    {
      const MutexLock lock(mutex_);
      while (!is_ending_ && tasks_.empty()) changed_.wait(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace muster
