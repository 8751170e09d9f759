// What a daemon tells systemd when it reads its settings again. Any thread.
#pragma once

#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>

namespace muster {

// To systemd, which wants to know which READY=1 is the answer to it (sd_notify(3)).
inline void NotifyReloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const uint64_t now_us =
      static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1'000;
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", static_cast<unsigned long long>(now_us));
}

}  // namespace muster
