#include "controller/web/unanswered.h"

#include <utility>

namespace muster {

WebHandler::Done Unanswered::Add(const std::shared_ptr<Unanswered>& self, WebHandler::Done done) {
  const MutexLock lock(self->mutex_);
  const uint64_t number = ++self->last_;
  self->waiting_[number] = std::move(done);
  return [self, number](WebAnswer answer) { self->Give(number, std::move(answer)); };
}

void Unanswered::End(const WebAnswer& answer) {
  std::map<uint64_t, WebHandler::Done> waiting;
  {
    const MutexLock lock(mutex_);
    waiting.swap(waiting_);
  }
  for (const auto& [number, done] : waiting) done(answer);
  const MutexLock lock(mutex_);
  while (being_given_ > 0) given_.wait(mutex_);
}

WebHandler::Done Unanswered::Take(uint64_t number) {
  const MutexLock lock(mutex_);
  auto found = waiting_.extract(number);
  if (found.empty()) return nullptr;
  ++being_given_;
  return std::move(found.mapped());
}

void Unanswered::Give(uint64_t number, WebAnswer answer) {
  const WebHandler::Done done = Take(number);
  if (!done) return;
  done(std::move(answer));
  const MutexLock lock(mutex_);
  --being_given_;
  given_.notify_all();
}

}  // namespace muster
