// A mutex that Clang's thread-safety analysis and ThreadSanitizer both understand. (absl::Mutex is neither in Debian's build:
// its library is not instrumented and reports races that are none.)
//
// A lock guards fields, not code: MUSTER_GUARDED_BY on every field, held for a few lines, never across a call out.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define MUSTER_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define MUSTER_THREAD_ANNOTATION(x)
#endif

#define MUSTER_GUARDED_BY(x) MUSTER_THREAD_ANNOTATION(guarded_by(x))
#define MUSTER_REQUIRES(...) MUSTER_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))

namespace muster {

class MUSTER_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() MUSTER_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() MUSTER_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class MUSTER_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) MUSTER_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() MUSTER_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex.
using CondVar = std::condition_variable_any;

}  // namespace muster
