// A task: one job on one node, the unit of state and result. Plain data and the one table of its transitions.
#pragma once

#include <cstdint>
#include <string>

#include "common/boxed.h"
#include "common/outcome.h"
#include "common/time.h"

namespace muster {

// Numbers as in proto/muster/v1/job.proto, and in the store; a test holds them together.
enum class TaskState : int {
  kUnspecified = 0,
  kPending = 1,
  kDispatched = 2,
  kRunning = 3,
  kVerifying = 4,
  kSucceeded = 5,
  kAlreadySatisfied = 6,
  kNotApplicable = 7,
  kFailed = 8,
  kRefused = 9,
  kTimedOut = 10,
  kUndelivered = 11,
  kLost = 12,
  kCancelled = 13,
};
inline constexpr int kTaskStateCount = 14;

std::string Name(TaskState state);

// Terminal states never change.
bool IsTerminal(TaskState state);
// DISPATCHED or RUNNING: sent, and no outcome yet.
bool IsInFlight(TaskState state);
// Whether `to` may follow `from`.
bool IsTransition(TaskState from, TaskState to);

// The state that an agent's outcome gives to a task.
TaskState StateFor(OutcomeState outcome);

struct Task {
  std::string node;  // xname
  TaskState state = TaskState::kPending;
  uint32_t attempt = 0;     // 0 before the first
  std::string incarnation;  // the ledger that the current attempt was sent to
  Time first_sent{};        // of the current attempt
  Time last_sent{};
  Duration execution_deadline{};  // of the current attempt, as it was sent
  // Of the end; in a task that waits for another try, or is tried again, of the try before.
  Reason reason = Reason::kNone;
  std::string detail;
  Boxed<Outcome> outcome;
  Boxed<Outcome> late_outcome;  // came after the task had ended
  Time updated{};
  uint64_t revision = 0;
  bool operator==(const Task&) const = default;
};

}  // namespace muster
