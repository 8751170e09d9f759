#include "controller/runner/mailbox.h"

#include <utility>

namespace muster {

bool Mailbox::Put(Mail mail) {
  {
    const MutexLock lock(mutex_);
    if (is_closed_) return false;
    if (!Count(mail)) {
      ++refused_;
      return false;
    }
    mail_.push_back(std::move(mail));
  }
  changed_.notify_one();
  return true;
}

bool Mailbox::Count(const Mail& mail) {
  const auto count = [](size_t& waiting, size_t limit) {
    if (waiting >= limit) return false;
    ++waiting;
    return true;
  };
  const Event* event = std::get_if<Event>(&mail);
  if (std::holds_alternative<OperatorRequest>(mail) ||
      std::holds_alternative<OperationRequest>(mail))
    return count(requests_, limits_.requests);
  if (event != nullptr && std::holds_alternative<ReportReceived>(*event))
    return count(reports_, limits_.reports);
  if (event != nullptr && std::holds_alternative<SessionUp>(*event))
    return count(sessions_, limits_.sessions);
  return true;
}

Mailbox::Load Mailbox::load() const {
  const MutexLock lock(mutex_);
  return {mail_.size(), refused_};
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
