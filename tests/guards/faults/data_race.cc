// Two threads add to a number that the mutex beside it should guard.
#include <thread>

#include "common/mutex.h"

int main() {
  muster::Mutex mutex;
  int sum = 0;
  std::thread careful([&] {
    const muster::MutexLock lock(mutex);
    ++sum;
  });
  std::thread careless([&] { ++sum; });
  careful.join();
  careless.join();
  return sum == 2 ? 0 : 1;
}
