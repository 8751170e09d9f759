// What waits for the runner: events from sessions and requests of operators. Many threads put, one takes everything at once, so a
// batch is what arrived during the last commit.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "common/mutex.h"
#include "common/time.h"
#include "controller/engine/event.h"
#include "controller/operation/operations.h"
#include "controller/runner/submitter.h"

namespace muster {

// Reports that may wait. At 10,000 agents a full round is one report each; a controller further behind than several rounds
// closes sessions, and their agents say it again when they are back.
inline constexpr size_t kMaxWaitingReports = 65'536;
// New sessions that may wait: several of each agent of the largest fleet, all of which the runner has not seen because it waits for
// a full disk. Each has one end, which is always taken.
inline constexpr size_t kMaxWaitingSessions = 65'536;
// Requests of operators that may wait.
inline constexpr size_t kMaxWaitingRequests = 256;

// An operator's request, and whom to answer.
struct OperatorRequest {
  Event event;  // JobSubmitted or JobActionRequested
  JobDone done;
};

// The same about an operation.
struct OperationRequest {
  OperationEvent event;  // OperationSubmitted or OperationCancelled
  JobDone done;
};

using Mail = std::variant<Event, OperatorRequest, OperationRequest, ServiceNews>;

struct MailboxLimits {
  size_t reports = kMaxWaitingReports;
  size_t sessions = kMaxWaitingSessions;
  size_t requests = kMaxWaitingRequests;
};

class Mailbox {
 public:
  explicit Mailbox(MailboxLimits limits = {}) : limits_(limits) {}

  // False if it is full or closed.
  bool Put(Mail mail);

  // Waits until there is mail, `deadline` (on the steady clock) has come, or the mailbox is closed; then takes all there is.
  std::vector<Mail> TakeAll(std::optional<std::chrono::steady_clock::time_point> deadline);

  struct Load {
    size_t waiting = 0;
    uint64_t refused = 0;  // what was not taken, for too much of its kind waited
  };
  Load load() const;

  // Nothing is taken in any more; TakeAll no longer waits.
  void Close();
  bool is_closed() const;

 private:
  // Counts it; false: there is no room for it.
  bool Count(const Mail& mail) MUSTER_REQUIRES(mutex_);

  const MailboxLimits limits_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Mail> mail_ MUSTER_GUARDED_BY(mutex_);
  size_t reports_ MUSTER_GUARDED_BY(mutex_) = 0;
  size_t sessions_ MUSTER_GUARDED_BY(mutex_) = 0;
  size_t requests_ MUSTER_GUARDED_BY(mutex_) = 0;
  uint64_t refused_ MUSTER_GUARDED_BY(mutex_) = 0;
  bool is_closed_ MUSTER_GUARDED_BY(mutex_) = false;
};

}  // namespace muster
