// What an attempt does when answers do not come: after a crash, when the bus was lost, and at its deadlines. The rules are
// told in attempt.cc.
#include <fmt/format.h>

#include <utility>

#include "agent/executor/attempt.h"

namespace muster {

void Attempt::OnWatchRestored(Time now, Actions* actions) {
  now_ = now;
  if (phase_ == Phase::kWaiting || phase_ == Phase::kLookingLater) Look(actions);
}

void Attempt::Look(Actions* actions) { Inspect(Phase::kLooking, actions); }

void Attempt::OnLooked(Time now, const UnitState& state, Actions* actions) {
  const auto interrupted = [this, &state](const std::string& why) {
    Outcome outcome{OutcomeState::kFailed,
                    Reason::kInterrupted,
                    fmt::format("restart {}: {}; the unit is {}/{}", unit_, why, state.active_state,
                                state.sub_state),
                    {}};
    outcome.evidence.after = state;
    return outcome;
  };
  const std::string& old_id = before_->invocation_id;
  if (intent_boot_id_ != boot_id_) {
    Outcome outcome = interrupted("the node rebooted in the middle");
    if (state.active_state == "active") {
      outcome.state = OutcomeState::kAlreadySatisfied;
      outcome.reason = Reason::kRebooted;
      outcome.detail = fmt::format("{} was started by a boot after the command came", unit_);
    }
    return Finish(std::move(outcome), actions);
  }
  if (state.job_id != 0) {
    job_id_ = state.job_id;
    phase_ = Phase::kWaiting;
    return;
  }
  if (state.invocation_id.empty() || old_id.empty()) {
    const bool has_started = old_id.empty() && !state.invocation_id.empty();
    if (!has_started)
      return Finish(interrupted("the agent was stopped in the middle, and nothing shows whether "
                                "the unit was restarted"),
                    actions);
  }
  if (state.invocation_id != old_id) {
    job_result_.clear();  // nobody heard it
    return OnAfterJob(now, state, actions);
  }
  if (has_repeated_ || now >= execution_deadline_) {
    return Finish(interrupted("the agent was stopped in the middle; the unit was not restarted"),
                  actions);
  }
  has_repeated_ = true;
  Call(actions);
}

void Attempt::OnDeadline(Time now, Actions* actions) {
  now_ = now;
  if (is_done()) return;
  if (progress_at_ && now >= *progress_at_) {
    progress_at_.reset();
    is_reported_running_ = true;
    actions->push_back(SendReport{key_, std::nullopt});
  }
  if (phase_ == Phase::kSettling && now >= wake_at_) return Inspect(Phase::kSettled, actions);
  if (phase_ == Phase::kLookingLater && now >= wake_at_) return Look(actions);
  if (now < execution_deadline_) return;
  switch (phase_) {
    case Phase::kFinding:
    case Phase::kWatching:
    case Phase::kInspecting:
      if (is_recovered_) return;  // Looking follows, and ends it
      return Finish(
          {OutcomeState::kTimedOut,
           Reason::kNoAnswer,
           fmt::format("{} {}: systemd did not answer by the execution deadline; nothing was done",
                       is_restart_ ? "restart" : "inspect", unit_),
           {}},
          actions);
    case Phase::kCalling:
      return Finish(
          {OutcomeState::kTimedOut,
           Reason::kNoAnswer,
           fmt::format("restart {}: systemd had not answered the call by the execution deadline",
                       unit_),
           {}},
          actions);
    case Phase::kWaiting:
    case Phase::kSettling:
      return Inspect(Phase::kTimingOut, actions);
    default:
      return;  // an answer is on its way, within the deadline of its own call
  }
}

void Attempt::OnAtDeadline(const UnitState& state, Actions* actions) {
  Outcome outcome{OutcomeState::kTimedOut, Reason::kJobRunning, {}, {}};
  const std::string where = fmt::format("{}/{}", state.active_state, state.sub_state);
  if (settling_) {
    outcome.reason = foreign_restarts_ > 0 ? Reason::kRestartedByOthers : Reason::kSettling;
    outcome.detail = fmt::format(
        "restart {}: it is {}, but was not up for the settle time by the execution deadline{}",
        unit_, where, foreign_restarts_ > 0 ? "; somebody keeps restarting it" : "");
  } else {
    outcome.detail = fmt::format(
        "restart {}: systemd's job {} was still running at the execution deadline (the unit is "
        "{}); "
        "it goes on",
        unit_, job_id_, where);
  }
  outcome.evidence.after = state;
  Finish(std::move(outcome), actions);
}

std::optional<Time> Attempt::deadline() const {
  if (is_done()) return std::nullopt;
  std::optional<Time> next;
  const auto consider = [&next](Time time) {
    if (!next || time < *next) next = time;
  };
  if (progress_at_) consider(*progress_at_);
  if (phase_ == Phase::kSettling || phase_ == Phase::kLookingLater) consider(wake_at_);
  switch (phase_) {
    case Phase::kFinding:
    case Phase::kWatching:
    case Phase::kInspecting:
      if (!is_recovered_) consider(execution_deadline_);
      break;
    case Phase::kCalling:
    case Phase::kWaiting:
    case Phase::kSettling:
      consider(execution_deadline_);
      break;
    default:
      break;
  }
  return next;
}

}  // namespace muster
