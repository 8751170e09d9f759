#include "controller/operation/service_wait.h"

#include <algorithm>
#include <utility>

namespace muster {

void ServiceWait::Take(Time now, const ServiceNews& news) {
  if (end_ || !is_asked_ || !Hear(news)) return;
  is_asked_ = false;
  next_ = std::exchange(asks_at_once_, false) ? now : now + interval_;
}

void ServiceWait::Advance(Time now, const std::string& operation, OperationActions* actions) {
  if (end_) return;
  if (now >= deadline_) return Fail(GivenUp());
  if (is_asked_ || now < next_) return;
  is_asked_ = true;
  ServiceCallWanted question = Question();
  question.operation = operation;
  actions->calls.push_back(std::move(question));
}

std::optional<Time> ServiceWait::NextDeadline() const {
  if (end_) return std::nullopt;
  return is_asked_ ? deadline_ : std::min(next_, deadline_);
}

}  // namespace muster
