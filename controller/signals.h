// The signals that musterd waits for: SIGTERM and SIGINT, which end it, and SIGHUP, at which it reads its settings again. For the main thread
// alone: blocked before any other thread starts.
#pragma once

#include <signal.h>
#include <time.h>

namespace muster {

enum class Signal { kNone, kStop, kReload };

class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  // kNone: the interval is over.
  Signal Wait(const timespec& interval) const {
    const int number = sigtimedwait(&set_, nullptr, &interval);
    if (number == SIGHUP) return Signal::kReload;
    return number > 0 ? Signal::kStop : Signal::kNone;
  }

 private:
  sigset_t set_;
};

}  // namespace muster
