// Tells when anything is mounted or unmounted in this process's mount namespace: the kernel marks /proc/self/mountinfo (proc(5)). Loop thread only.
#pragma once

#include <systemd/sd-event.h>

#include <functional>

#include "agent/uplink/event_source.h"
#include "common/unique_fd.h"

namespace muster {

class MountsWatch {
 public:
  // `changed` is called from the loop. A file that cannot be watched is logged, and nothing is told then. `event` outlives it.
  MountsWatch(sd_event* event, std::function<void()> changed);
  MountsWatch(const MountsWatch&) = delete;
  MountsWatch& operator=(const MountsWatch&) = delete;

  // Has the next change told, once: however much a host mounts, who does not look is woken no more.
  void Arm();

 private:
  static int OnEvent(sd_event_source* source, int fd, uint32_t events, void* userdata);

  const std::function<void()> changed_;
  UniqueFd file_;
  EventSource source_;
};

}  // namespace muster
