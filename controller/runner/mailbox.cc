#include "controller/runner/mailbox.h"

#include <utility>

namespace muster {

bool Mailbox::Put(Mail mail) {
  {
    MutexLock lock(mutex_);
    if (is_closed_) return false;
    const Event* event = std::get_if<Event>(&mail);
    if (std::holds_alternative<OperatorRequest>(mail) ||
        std::holds_alternative<OperationRequest>(mail)) {
      if (requests_ >= limits_.requests) return false;
      ++requests_;
    } else if (event != nullptr && std::holds_alternative<ReportReceived>(*event)) {
      if (reports_ >= limits_.reports) return false;
      ++reports_;
    } else if (event != nullptr && std::holds_alternative<SessionUp>(*event)) {
      if (sessions_ >= limits_.sessions) return false;
      ++sessions_;
    }
    mail_.push_back(std::move(mail));
  }
  changed_.notify_one();
  return true;
}

std::vector<Mail> Mailbox::TakeAll(std::optional<std::chrono::steady_clock::time_point> deadline) {
  const MutexLock lock(mutex_);
  while (mail_.empty() && !is_closed_) {
    if (!deadline) {
      changed_.wait(mutex_);
    } else if (changed_.wait_until(mutex_, *deadline) == std::cv_status::timeout) {
      break;
    }
  }
  reports_ = 0;
  sessions_ = 0;
  requests_ = 0;
  return std::exchange(mail_, {});
}

void Mailbox::Close() {
  {
    MutexLock lock(mutex_);
    is_closed_ = true;
  }
  changed_.notify_all();
}

bool Mailbox::is_closed() const {
  MutexLock lock(mutex_);
  return is_closed_;
}

}  // namespace muster
