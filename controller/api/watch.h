// One WatchJob call: a gRPC reactor that sends a job's changes until the job has ended and everything was sent.
//
// It goes round: read a batch of changes (worker) -> write it (gRPC) -> read the next; when nothing is left it waits for the
// runner to say that the job changed, or for the next look at the caller's certificate. At most one of the three is under way, so it never has more than one task on the worker. Life
// and ending as of AgentSession: it keeps itself until OnDone, and Finish is called once, with no write in flight.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/api/worker.h"
#include "controller/runner/submitter.h"
#include "controller/store/job_store.h"
#include "muster/v1/controller.grpc.pb.h"

namespace muster {

// Tasks in one message; with their evidence some 500 KiB.
inline constexpr size_t kMaxWatchBatch = 500;

class Watch final : public grpc::ServerWriteReactor<v1::JobChanges> {
 public:
  // What outlives every watch. `count` is theirs, and goes down by one when this one is done.
  struct Context {
    Worker& worker;
    JobControl& control;
    JobReader& reader;  // on the worker only
    std::atomic<int>& count;
    // Whether the caller may still watch; asked before each batch, and each `interval` while nothing changes.
    std::function<absl::Status()> check;
    Duration interval;
  };

  // Changes after `revision`. The result is gRPC's until OnDone.
  static Watch* Start(const std::string& job, uint64_t revision, Context context);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  enum class Phase { kReading, kWriting, kWaiting, kFinished };

  Watch(std::string job, uint64_t revision, Context context);

  void OnChanged();  // runner's thread
  void OnAlarm();    // gRPC's thread
  void Wait() MUSTER_REQUIRES(mutex_);
  void Read();  // worker
  void ScheduleRead() MUSTER_REQUIRES(mutex_);
  void Finish(const absl::Status& status) MUSTER_REQUIRES(mutex_);
  // Takes what was read; the next step.
  void Take(const Changes& changes) MUSTER_REQUIRES(mutex_);

  const std::string job_;
  const Context context_;
  std::shared_ptr<Watch> self_;  // dropped in OnDone
  JobControl::SubscriptionId subscription_ = 0;

  Mutex mutex_;
  Phase phase_ MUSTER_GUARDED_BY(mutex_) = Phase::kReading;
  bool has_changed_ MUSTER_GUARDED_BY(mutex_) = false;  // since the last read began
  bool is_cancelled_ MUSTER_GUARDED_BY(mutex_) = false;
  bool is_last_ MUSTER_GUARDED_BY(mutex_) = false;  // what is being written ends the watch
  bool has_sent_ MUSTER_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Alarm> alarm_ MUSTER_GUARDED_BY(mutex_);  // of the last wait
  ChangesCursor cursor_ MUSTER_GUARDED_BY(mutex_);
  v1::JobChanges writing_;  // gRPC's while a write is in flight
};

}  // namespace muster
