#include "controller/api/watch.h"

#include <utility>

#include "controller/api/convert.h"
#include "controller/edge/grpc_status.h"

namespace muster {

Watch* Watch::Start(const std::string& job, uint64_t revision, Context context) {
  const std::shared_ptr<Watch> watch(new Watch(job, revision, context));
  watch->self_ = watch;
  // Before the first read, so that no change falls between the two.
  const std::weak_ptr<Watch> weak = watch;
  watch->subscription_ = context.control.Subscribe(job, [weak] {
    if (const auto alive = weak.lock()) alive->OnChanged();
  });
  const MutexLock lock(watch->mutex_);
  watch->ScheduleRead();
  return watch.get();
}

Watch::Watch(std::string job, uint64_t revision, Context context)
    : job_(std::move(job)), context_(context) {
  cursor_.revision = revision;
}

void Watch::OnChanged() {
  const MutexLock lock(mutex_);
  has_changed_ = true;
  if (phase_ == Phase::kWaiting) ScheduleRead();
}

void Watch::ScheduleRead() {
  phase_ = Phase::kReading;
  has_changed_ = false;
  context_.worker.PostReserved([self = self_] { self->Read(); });
}

void Watch::Read() {
  ChangesCursor cursor;
  {
    const MutexLock lock(mutex_);
    if (is_cancelled_) return Finish(absl::CancelledError());
    cursor = cursor_;
  }
  const absl::Status allowed = context_.check();
  const absl::StatusOr<Changes> changes = context_.reader.ReadChanges(job_, cursor, kMaxWatchBatch);
  const MutexLock lock(mutex_);
  if (!allowed.ok()) return Finish(allowed);
  if (!changes.ok()) return Finish(changes.status());
  if (is_cancelled_) return Finish(absl::CancelledError());
  Take(*changes);
}

void Watch::Take(const Changes& changes) {
  const bool has_news = !has_sent_ || !changes.tasks.empty() ||
                        changes.next.revision != cursor_.revision ||
                        changes.next.node != cursor_.node;
  is_last_ = changes.is_complete && IsTerminal(changes.job.status.state);
  cursor_ = changes.next;
  if (!has_news) {
    if (is_last_) return Finish(absl::OkStatus());
    if (has_changed_) return ScheduleRead();
    return Wait();
  }
  writing_.Clear();
  for (const Task& task : changes.tasks) *writing_.add_tasks() = ToProto(job_, task);
  *writing_.mutable_job() = ToProto(changes.job);
  writing_.set_revision(changes.next.revision);
  has_sent_ = true;
  phase_ = Phase::kWriting;
  StartWrite(&writing_);
}

void Watch::Wait() {
  phase_ = Phase::kWaiting;
  const auto wake = std::chrono::system_clock::now() +
                    std::chrono::duration_cast<std::chrono::microseconds>(context_.interval);
  const std::weak_ptr<Watch> weak = self_;
  // A new one for each wait: the call of the last one may still be on its way, with ok false.
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(wake, [weak](bool ok) {
    if (const auto alive = ok ? weak.lock() : nullptr) alive->OnAlarm();
  });
}

void Watch::OnAlarm() {
  const MutexLock lock(mutex_);
  if (phase_ == Phase::kWaiting) ScheduleRead();
}

void Watch::OnWriteDone(bool ok) {
  const MutexLock lock(mutex_);
  if (!ok || is_cancelled_) return Finish(absl::CancelledError());
  if (is_last_) return Finish(absl::OkStatus());
  ScheduleRead();
}

void Watch::OnCancel() {
  const MutexLock lock(mutex_);
  is_cancelled_ = true;
  if (phase_ == Phase::kWaiting) Finish(absl::CancelledError());
}

void Watch::Finish(const absl::Status& status) {
  if (phase_ == Phase::kFinished) return;
  phase_ = Phase::kFinished;
  grpc::ServerWriteReactor<v1::JobChanges>::Finish(GrpcStatus(status));
}

void Watch::OnDone() {
  context_.control.Unsubscribe(subscription_);
  context_.count.fetch_sub(1);
  // The last reference, unless the worker or the runner just looks at us.
  const std::shared_ptr<Watch> self = std::move(self_);
}

}  // namespace muster
