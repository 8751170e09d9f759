#include "controller/csm/hsm_poller.h"

#include <chrono>
#include <utility>

#include "common/log.h"

namespace muster {

HsmPoller::HsmPoller(NodeSource& source, Duration interval, Take take)
    : source_(source), interval_(interval), take_(std::move(take)), thread_([this] { Run(); }) {}

HsmPoller::~HsmPoller() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void HsmPoller::Run() {
  bool has_failed = false;
  while (true) {
    Read(&has_failed);
    const auto next = std::chrono::steady_clock::now() + interval_;
    const MutexLock lock(mutex_);
    while (!is_stopping_ && changed_.wait_until(mutex_, next) != std::cv_status::timeout) {
    }
    if (is_stopping_) return;
  }
}

// What HSM said last stays until it answers again; the log has one line for the beginning of its silence, and one for its end.
void HsmPoller::Read(bool* has_failed) {
  const absl::StatusOr<std::vector<InventoryNode>> nodes = source_.Nodes();
  if (nodes.ok()) {
    take_(*nodes);
    if (std::exchange(*has_failed, false)) log::Info("HSM answers again nodes={}", nodes->size());
  } else if (!std::exchange(*has_failed, true) && !absl::IsCancelled(nodes.status())) {
    log::Warning("what HSM said last is used, for it does not answer: {}", Message(nodes.status()));
  }
}

}  // namespace muster
