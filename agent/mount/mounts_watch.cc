#include "agent/mount/mounts_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/log.h"

namespace muster {
namespace {

constexpr char kTable[] = "/proc/self/mountinfo";

}  // namespace

MountsWatch::MountsWatch(sd_event* event, std::function<void()> changed)
    : changed_(std::move(changed)), file_(open(kTable, O_RDONLY | O_CLOEXEC)) {
  sd_event_source* source = nullptr;
  int r = file_.is_open() ? 0 : -errno;
  if (r == 0) r = sd_event_add_io(event, &source, file_.get(), EPOLLPRI, OnEvent, this);
  source_ = EventSource(source);
  if (r >= 0) r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
  if (r < 0) log::Error("changes of mounts are not seen: watch {}: {}", kTable, std::strerror(-r));
}

void MountsWatch::Arm() {
  if (!source_) return;
  // What happened before is marked until somebody asks; who arms is about to look anyway.
  pollfd asked{file_.get(), POLLPRI, 0};
  if (poll(&asked, 1, 0) < 0) log::Warning("ask for changes of mounts: {}", std::strerror(errno));
  sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
}

int MountsWatch::OnEvent(sd_event_source*, int, uint32_t, void* userdata) {
  static_cast<MountsWatch*>(userdata)->changed_();
  return 0;
}

}  // namespace muster
