// The two watches: a job's changes, and an operation as it is. See watch_reactor.h.
#pragma once

#include <cstdint>
#include <string>

#include "controller/api/watch_reactor.h"
#include "muster/v1/controller.pb.h"

namespace muster {

// Tasks in one message; with their evidence some 500 KiB.
inline constexpr size_t kMaxWatchBatch = 500;
// Between two messages about an operation, whose job may change a hundred times a second.
inline constexpr Duration kOperationPause = 200ms;

class JobWatch final : public WatchReactor<v1::JobChanges> {
 public:
  // Changes after `revision`. The result is gRPC's until OnDone.
  static JobWatch* Start(const std::string& job, uint64_t revision, WatchContext context);

 private:
  JobWatch(std::string job, uint64_t revision, WatchContext context);
  absl::StatusOr<Next> Read(v1::JobChanges& message) override;

  const std::string job_;
  ChangesCursor cursor_;
  bool has_sent_ = false;
};

class OperationWatch final : public WatchReactor<v1::Operation> {
 public:
  static OperationWatch* Start(const std::string& operation, WatchContext context);

 private:
  OperationWatch(std::string operation, WatchContext context);
  absl::StatusOr<Next> Read(v1::Operation& message) override;

  const std::string operation_;
  bool sees_job_ = false;  // its job's changes, too
  std::string last_;       // the bytes of what was sent last
};

// The operation with its job, if that was made. On the reader's thread.
absl::StatusOr<v1::Operation> ReadOperation(const std::string& id, JobReader& reader);

}  // namespace muster
