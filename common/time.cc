#include "common/time.h"

#include <time.h>

namespace muster {

SystemClock::SystemClock()
    : start_(std::chrono::system_clock::now()), start_boottime_ns_(BoottimeNs()) {}

Time SystemClock::Now() const { return start_ + Duration(BoottimeNs() - start_boottime_ns_); }

uint64_t SystemClock::BoottimeNs() const {
  timespec ts{};
  clock_gettime(CLOCK_BOOTTIME, &ts);
  return static_cast<uint64_t>(ts.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(ts.tv_nsec);
}

}  // namespace muster
