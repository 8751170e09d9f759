// What an attempt does when answers do not come: after a crash, when the bus was lost, and at its deadlines. The rules are
// told in unit_attempt.cc.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/executor/unit_attempt.h"
#include "agent/systemd/unit_result.h"

namespace muster {
namespace {

// What was asked shortly before the deadline, or after it, may still be answered for so long. With what follows it is less
// than the controller's patience after the deadline (EngineConfig::report_grace, 15 s).
constexpr Duration kLastAnswerWithin = 10s;
// Evidence beside the outcome: worth a moment.
constexpr Duration kSpireWithin = 2s;

}  // namespace

void UnitAttempt::OnWatchRestored(Time now, Actions* actions) {
  now_ = now;
  if (phase_ == Phase::kWaiting || phase_ == Phase::kLookingLater) Look(actions);
}

void UnitAttempt::Look(Actions* actions) { Inspect(Phase::kLooking, actions); }

void UnitAttempt::OnLooked(Time now, const UnitState& state, Actions* actions) {
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
  if (!job_result_.empty()) return OnAfterJob(now, state, actions);
  if (state.job_id != 0) {
    job_id_ = state.job_id;
    phase_ = Phase::kWaiting;
    return;
  }
  const std::string gap = is_recovered_ ? "the agent was stopped in the middle"
                                        : "systemd could not be reached in the middle";
  const bool has_started = old_id.empty() && !state.invocation_id.empty();
  if ((state.invocation_id.empty() || old_id.empty()) && !has_started) {
    return Finish(interrupted(gap + ", and nothing shows whether the unit was restarted"), actions);
  }
  if (state.invocation_id != old_id) return OnAfterJob(now, state, actions);
  if (has_repeated_ || now >= execution_deadline_) {
    return Finish(interrupted(gap + "; the unit was not restarted"), actions);
  }
  has_repeated_ = true;
  Call(actions);
}

void UnitAttempt::OnDeadline(Time now, Actions* actions) {
  now_ = now;
  if (progress_at_ && now >= *progress_at_ && !is_done()) {
    progress_at_.reset();
    is_reported_running_ = true;
    actions->push_back(SendReport{key_, std::nullopt});
  }
  const std::optional<Time> end = WaitEnds();
  if (!end || now < *end) return;
  switch (phase_) {
    case Phase::kFinding:
    case Phase::kInspecting:
      return Finish(NothingDoneInTime(), actions);
    case Phase::kWatching:
      return Finish(has_touched() ? EndNotKnown("systemd did not answer") : NothingDoneInTime(),
                    actions);
    case Phase::kCalling:
    case Phase::kChecking:
    case Phase::kSettled:
    case Phase::kTimingOut:
    case Phase::kLooking:
      return Finish(EndNotKnown("systemd did not answer"), actions);
    case Phase::kWaiting:
      return Inspect(Phase::kTimingOut, actions);
    case Phase::kSettling:
      return Inspect(now >= wake_at_ ? Phase::kSettled : Phase::kTimingOut, actions);
    case Phase::kLookingLater:
      return Look(actions);
    case Phase::kInspectingSpire:
      return Record(actions);
    case Phase::kNew:
    case Phase::kFound:
    case Phase::kWritingIntent:
    case Phase::kRecording:
    case Phase::kDone:
      return;
  }
}

// The same for OnDeadline and for deadline(): a time that has come is always acted upon, or the loop would spin.
std::optional<Time> UnitAttempt::WaitEnds() const {
  const Time last_answer = std::max(execution_deadline_, asked_at_ + kLastAnswerWithin);
  switch (phase_) {
    case Phase::kFinding:
    case Phase::kInspecting:
    case Phase::kCalling:
    case Phase::kWaiting:
      return execution_deadline_;
    case Phase::kWatching:
      // After a crash it has to be looked at even if the deadline has passed.
      return has_touched() ? last_answer : execution_deadline_;
    case Phase::kChecking:
    case Phase::kSettled:
    case Phase::kTimingOut:
    case Phase::kLooking:
      return last_answer;
    case Phase::kSettling:
      return std::min(wake_at_, execution_deadline_);
    case Phase::kLookingLater:
      return wake_at_;
    case Phase::kInspectingSpire:
      return asked_at_ + kSpireWithin;
    case Phase::kNew:
    case Phase::kFound:
    case Phase::kWritingIntent:
    case Phase::kRecording:
    case Phase::kDone:
      break;
  }
  return std::nullopt;
}

std::optional<Time> UnitAttempt::deadline() const {
  if (is_done()) return std::nullopt;
  const std::optional<Time> end = WaitEnds();
  if (!progress_at_ || !end) return end ? end : progress_at_;
  return std::min(*end, *progress_at_);
}

void UnitAttempt::OnAtDeadline(const UnitState& state, Actions* actions) {
  if (state.job_id != 0 && !settling_) return Finish(JobStillRuns(state), actions);
  // The job is over, though nobody heard it: the unit tells.
  std::optional<Outcome> failure;
  if (!settling_) failure = ClassifyAfterJob(*before_, job_result_, state);
  Finish(failure ? std::move(*failure) : NotSettled(state), actions);
}

Outcome UnitAttempt::JobStillRuns(const UnitState& state) const {
  Outcome outcome{
      OutcomeState::kTimedOut,
      Reason::kJobRunning,
      fmt::format("restart {}: systemd's job {} was still running at the execution deadline (the "
                  "unit is {}/{}); it goes on",
                  unit_, state.job_id, state.active_state, state.sub_state),
      {}};
  outcome.evidence.after = state;
  return outcome;
}

Outcome UnitAttempt::NotSettled(const UnitState& state) const {
  Outcome outcome{
      OutcomeState::kTimedOut,
      foreign_restarts_ > 0 ? Reason::kRestartedByOthers : Reason::kSettling,
      fmt::format("restart {}: it is {}/{}, but was not up for the settle time by the execution "
                  "deadline{}",
                  unit_, state.active_state, state.sub_state,
                  foreign_restarts_ > 0 ? "; somebody keeps restarting it" : ""),
      {}};
  outcome.evidence.after = state;
  return outcome;
}

Outcome UnitAttempt::NothingDoneInTime() const {
  return {OutcomeState::kTimedOut,
          Reason::kNoAnswer,
          fmt::format("{} {}: systemd did not answer by the execution deadline; nothing was done",
                      is_restart_ ? "restart" : "inspect", unit_.empty() ? "ORCA" : unit_),
          {}};
}

Outcome UnitAttempt::EndNotKnown(const std::string& why) const {
  return {OutcomeState::kTimedOut,
          Reason::kNoAnswer,
          fmt::format("restart {}: {} by the execution deadline; whether and how the unit was "
                      "restarted is not known",
                      unit_, why),
          {}};
}

}  // namespace muster
