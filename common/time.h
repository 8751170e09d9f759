// Time as both daemons use it.
//
// A Time is a point on one process's own time line: wall-clock time when the process started, plus CLOCK_BOOTTIME since. It
// never goes back while the process lives, can be stored and compared after a restart on the same machine, and can be
// shown to people. Times of two machines are never compared; the wire carries durations (see agent.proto).
//
// The pure cores take a Time with each event and have no clock. Runners read one through Clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace muster {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::sys_time<Duration>;

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
  // CLOCK_BOOTTIME in nanoseconds: for stamps that another machine only ever subtracts from each other.
  virtual uint64_t BoottimeNs() const = 0;
};

// The machine's clock. Any thread.
class SystemClock final : public Clock {
 public:
  SystemClock();
  Time Now() const override;
  uint64_t BoottimeNs() const override;

 private:
  Time start_;
  uint64_t start_boottime_ns_;
};

}  // namespace muster
