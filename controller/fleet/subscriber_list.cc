#include "controller/fleet/subscriber_list.h"

#include <utility>

namespace muster {

void SubscriberList::Refresh(Duration max_age, const std::function<void()>& done) {
  const Time now = clock_.Now();
  if (!BeginToAsk(now, max_age)) return done();
  read_([this, now, done](absl::StatusOr<List> list) {
    if (Learn(now, std::move(list)) && changed_) changed_();
    done();
  });
}

SubscriberList::Known SubscriberList::Get() const {
  const Time now = clock_.Now();
  const MutexLock lock(mutex_);
  Known known = known_;
  if (known.list != nullptr && now - known.asked > kUsable) known.list = nullptr;
  return known;
}

bool SubscriberList::BeginToAsk(Time now, Duration max_age) {
  if (!read_) return false;
  const MutexLock lock(mutex_);
  const bool has_failed = known_.failed && now - *known_.failed < kRetry;
  const bool is_fresh = known_.list != nullptr && now - known_.asked < max_age;
  if (has_failed || is_fresh || is_asking_) return false;
  is_asking_ = true;
  return true;
}

bool SubscriberList::Learn(Time asked, absl::StatusOr<List> list) {
  const Time now = clock_.Now();
  List before;  // its destruction takes a while
  const MutexLock lock(mutex_);
  is_asking_ = false;
  if (!list.ok()) {
    known_.failed = now;
    known_.problem = Message(list.status());
    return false;
  }
  before = std::exchange(known_, {*std::move(list), asked, "", std::nullopt}).list;
  return before == nullptr || *before != *known_.list;
}

}  // namespace muster
