// Reads what a mutex guards, without the mutex.
#include "common/mutex.h"

namespace muster {

class Counter {
 public:
  void Add() {
    const MutexLock lock(mutex_);
    ++count_;
  }
  int count() const { return count_; }

 private:
  Mutex mutex_;
  int count_ MUSTER_GUARDED_BY(mutex_) = 0;
};

}  // namespace muster

int main() {
  muster::Counter counter;
  counter.Add();
  return counter.count();
}
