// A stream of an operator's that shows something as it is, and again whenever it changes, until it has ended: a gRPC reactor.
//
// It goes round: read what there is (worker) -> write it (gRPC) -> read the next; when nothing is left it waits for the runner to say that
// something changed, or for the next look at the caller's certificate. At most one of the three is under way, so it never has more than
// one task on the worker. Life and ending as of AgentSession: it keeps itself until OnDone, and Finish is called once, with no write in
// flight.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/api/worker.h"
#include "controller/edge/grpc_status.h"
#include "controller/runner/submitter.h"
#include "controller/store/job_store.h"

namespace muster {

// What outlives every watch. `count` is theirs, and goes down by one when one is done.
struct WatchContext {
  Worker& worker;
  JobControl& control;
  JobReader& reader;  // on the worker only
  std::atomic<int>& count;
  // Whether the caller may still watch; asked before each read, and each `interval` while nothing changes.
  std::function<absl::Status()> check;
  Duration interval;
};

template <typename Message>
class WatchReactor : public grpc::ServerWriteReactor<Message> {
 public:
  void OnWriteDone(bool ok) override {
    const MutexLock lock(mutex_);
    if (!ok || is_cancelled_) return End(absl::CancelledError());
    if (is_last_) return End(absl::OkStatus());
    if (pause_ > Duration::zero()) return WaitFor(Phase::kPausing, pause_);
    ScheduleRead();
  }
  void OnCancel() override {
    const MutexLock lock(mutex_);
    is_cancelled_ = true;
    if (phase_ == Phase::kWaiting || phase_ == Phase::kPausing) End(absl::CancelledError());
  }
  void OnDone() override {
    for (const JobControl::SubscriptionId id : subscriptions_) context_.control.Unsubscribe(id);
    context_.count.fetch_sub(1);
    // The last reference, unless the worker or the runner just looks at us.
    const std::shared_ptr<WatchReactor> self = std::move(self_);
  }

 protected:
  struct Next {
    bool has_news = false;  // the message is to be written
    bool is_last = false;   // there will be nothing more
  };

  // `pause`: between two messages, however often something changes.
  WatchReactor(WatchContext context, Duration pause)
      : context_(std::move(context)), pause_(pause) {}

  // Worker; one at a time, and never while a message is being written.
  virtual absl::StatusOr<Next> Read(Message& message) = 0;

  // `id`: whose changes are to be seen. Called once, with what keeps this object.
  void Begin(std::shared_ptr<WatchReactor> self, const std::string& id) {
    self_ = std::move(self);
    Follow(id);  // before the first read, so that no change falls between the two
    const MutexLock lock(mutex_);
    ScheduleRead();
  }

  // Sees the changes of this one, too. Before Begin has returned, or in Read.
  void Follow(const std::string& id) {
    const std::weak_ptr<WatchReactor> weak = self_;
    subscriptions_.push_back(context_.control.Subscribe(id, [weak] {
      if (const auto alive = weak.lock()) alive->OnChanged();
    }));
  }

  const WatchContext& context() const { return context_; }

 private:
  enum class Phase { kReading, kWriting, kPausing, kWaiting, kFinished };

  void OnChanged() {  // runner's thread
    const MutexLock lock(mutex_);
    has_changed_ = true;
    if (phase_ == Phase::kWaiting) ScheduleRead();
  }

  void OnAlarm() {  // gRPC's thread
    const MutexLock lock(mutex_);
    if (phase_ == Phase::kWaiting || phase_ == Phase::kPausing) ScheduleRead();
  }

  void ScheduleRead() MUSTER_REQUIRES(mutex_) {
    phase_ = Phase::kReading;
    has_changed_ = false;
    context_.worker.PostReserved([self = self_] { self->ReadAndGoOn(); });
  }

  void ReadAndGoOn() {
    {
      const MutexLock lock(mutex_);
      if (is_cancelled_) return End(absl::CancelledError());
    }
    const absl::Status allowed = context_.check();
    const absl::StatusOr<Next> next = allowed.ok() ? Read(message_) : absl::StatusOr<Next>(allowed);
    const MutexLock lock(mutex_);
    if (!next.ok()) return End(next.status());
    if (is_cancelled_) return End(absl::CancelledError());
    is_last_ = next->is_last;
    if (next->has_news) {
      phase_ = Phase::kWriting;
      this->StartWrite(&message_);
    } else if (is_last_) {
      End(absl::OkStatus());
    } else if (has_changed_) {
      ScheduleRead();
    } else {
      WaitFor(Phase::kWaiting, context_.interval);
    }
  }

  void WaitFor(Phase phase, Duration duration) MUSTER_REQUIRES(mutex_) {
    phase_ = phase;
    const auto wake = std::chrono::system_clock::now() +
                      std::chrono::duration_cast<std::chrono::microseconds>(duration);
    const std::weak_ptr<WatchReactor> weak = self_;
    // A new one for each wait: the call of the last one may still be on its way, with ok false.
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(wake, [weak](bool ok) {
      if (const auto alive = ok ? weak.lock() : nullptr) alive->OnAlarm();
    });
  }

  void End(const absl::Status& status) MUSTER_REQUIRES(mutex_) {
    if (phase_ == Phase::kFinished) return;
    phase_ = Phase::kFinished;
    this->Finish(GrpcStatus(status));
  }

  const WatchContext context_;
  const Duration pause_;
  std::shared_ptr<WatchReactor> self_;  // dropped in OnDone
  std::vector<JobControl::SubscriptionId> subscriptions_;

  Mutex mutex_;
  Phase phase_ MUSTER_GUARDED_BY(mutex_) = Phase::kReading;
  bool has_changed_ MUSTER_GUARDED_BY(mutex_) = false;  // since the last read began
  bool is_cancelled_ MUSTER_GUARDED_BY(mutex_) = false;
  bool is_last_ MUSTER_GUARDED_BY(mutex_) = false;  // what is being written ends the watch
  std::unique_ptr<grpc::Alarm> alarm_ MUSTER_GUARDED_BY(mutex_);  // of the last wait
  Message message_;  // the worker's while it reads, gRPC's while a write is in flight
};

// A watch that is told why it cannot be, and ends.
template <typename Message>
class RefusedWatch final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit RefusedWatch(const absl::Status& status) { this->Finish(GrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace muster
