#include "controller/engine/task.h"

#include <array>

namespace muster {
namespace {

constexpr std::array<const char*, kTaskStateCount> kNames = {
    "UNSPECIFIED", "PENDING",           "DISPATCHED",     "RUNNING",  "VERIFYING",
    "SUCCEEDED",   "ALREADY_SATISFIED", "NOT_APPLICABLE", "FAILED",   "REFUSED",
    "TIMED_OUT",   "UNDELIVERED",       "LOST",           "CANCELLED"};

}  // namespace

std::string Name(TaskState state) {
  const auto index = static_cast<size_t>(state);
  return index < kNames.size() ? kNames[index] : "STATE_" + std::to_string(index);
}

bool IsTerminal(TaskState state) { return state >= TaskState::kSucceeded; }

bool IsInFlight(TaskState state) {
  return state == TaskState::kDispatched || state == TaskState::kRunning;
}

// Every transition:
//
//   PENDING    -> DISPATCHED                     a slot is free and the node is attached
//   PENDING    -> UNDELIVERED                    the node was away until the delivery deadline, or the job's deadline came
//   PENDING    -> CANCELLED                      by an operator, or too many others failed
//   PENDING    -> REFUSED                        the agent lacks what the command requires; another job has the unit
//   PENDING    -> FAILED, TIMED_OUT              it waited for another try, which will not come: as the last one ended
//   DISPATCHED -> RUNNING                        the agent says it has lasted 2 s
//   DISPATCHED, RUNNING -> PENDING               the try failed, and there will be another
//   DISPATCHED, RUNNING -> any terminal state    the agent's outcome; or LOST, no outcome by the deadline
//   DISPATCHED, RUNNING -> VERIFYING             the agent is done, an outside proof is awaited
//   VERIFYING  -> PENDING                        the proof failed, and there will be another try
//   VERIFYING  -> any terminal state             the proof came, failed, or did not come in time
//
// A repeated send of one attempt is not a transition. Terminal states have none.
bool IsTransition(TaskState from, TaskState to) {
  switch (from) {
    case TaskState::kPending:
      return to == TaskState::kDispatched || to == TaskState::kUndelivered ||
             to == TaskState::kCancelled || to == TaskState::kRefused || to == TaskState::kFailed ||
             to == TaskState::kTimedOut;
    case TaskState::kDispatched:
      return to == TaskState::kPending || to == TaskState::kRunning ||
             to == TaskState::kVerifying || IsTerminal(to);
    case TaskState::kRunning:
      return to == TaskState::kPending || to == TaskState::kVerifying || IsTerminal(to);
    case TaskState::kVerifying:
      return to == TaskState::kPending || IsTerminal(to);
    default:
      return false;
  }
}

TaskState StateFor(OutcomeState outcome) {
  switch (outcome) {
    case OutcomeState::kSucceeded:
      return TaskState::kSucceeded;
    case OutcomeState::kAlreadySatisfied:
      return TaskState::kAlreadySatisfied;
    case OutcomeState::kNotApplicable:
      return TaskState::kNotApplicable;
    case OutcomeState::kFailed:
      return TaskState::kFailed;
    case OutcomeState::kRefused:
      return TaskState::kRefused;
    case OutcomeState::kTimedOut:
      return TaskState::kTimedOut;
    case OutcomeState::kCancelled:
      return TaskState::kCancelled;
    case OutcomeState::kExpired:
    case OutcomeState::kNotHeld:
      return TaskState::kUndelivered;
    case OutcomeState::kUnspecified:
      break;
  }
  return TaskState::kFailed;  // an outcome of a newer agent that we do not know is not a success
}

}  // namespace muster
