// Theory of operation.
//
// A restart goes through these phases; each waits for one answer, and its handler chooses the next:
//
//   Finding -> Watching -> Inspecting -> WritingIntent | -> Calling -> Waiting -> Checking -> Settling -> Settled
//                                                      |                                        ^           |
//                                             nothing  |  may have had                          +-----------+
//                                             touched  |  an effect                    restarted by others
//
// and, from any of them, InspectingSpire -> Recording -> Done. What has not written its intent ends without the ledger: if the report
// gets lost, the controller sends the command again and it is judged afresh. What has written it looks before it repeats anything:
//
//   Looking: the state now against the InvocationID in the intent
//     another boot                       the unit is up: ALREADY_SATISFIED (REBOOTED); else INTERRUPTED
//     a job is queued                    wait for it: ours, or one that ours was merged into
//     another InvocationID               it happened; judge the state as after a job
//     the same, not empty, no job        nothing was started: call again, once
//     none now, or none in the intent    nobody can know: INTERRUPTED
//
// A job whose end was heard is judged by it, and never repeated.
//
// Time: the execution deadline ends waiting, never the work. systemd's job goes on, and the report says so. What systemd was asked
// at the deadline has a few seconds more, so that the report is there before the controller gives the attempt up.
#include "agent/executor/unit_attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/systemd/unit_result.h"
#include "common/limits.h"

namespace muster {
namespace {

constexpr const char* kOrcaUnits[] = {"cray-orca.service", "cray-dvs-orca.service"};
constexpr const char* kSpireUnit = "spire-agent.service";
// After an inspection that systemd did not answer, or that found the unit in somebody else's job.
constexpr Duration kLookAgainAfter = 2s;

Time FromBoottime(uint64_t ns) { return Time(Duration(ns)); }

bool IsInstalled(const UnitState& state) { return state.load_state != "not-found"; }

}  // namespace

UnitAttempt::UnitAttempt(const Command& command, const std::string& boot_id, Time now,
                         Duration waited)
    : HeldAttempt(command.key),
      boot_id_(boot_id),
      intent_boot_id_(boot_id),
      began_(now),
      execution_deadline_(now + command.execution_deadline),
      progress_at_(now + limits::kProgressAfter) {
  std::string unit;
  if (const auto* restart = std::get_if<RestartUnit>(&command.work)) {
    unit = restart->unit;
    settle_ = restart->settle;
    if (restart->satisfied_age) satisfied_since_ = now - waited - *restart->satisfied_age;
  } else if (const auto* inspect = std::get_if<muster::Inspect>(&command.work)) {
    unit = inspect->unit;
    is_restart_ = false;
  }
  if (unit.empty()) {
    candidates_.assign(std::begin(kOrcaUnits), std::end(kOrcaUnits));
  } else {
    unit_ = unit;
  }
}

UnitAttempt::UnitAttempt(const LedgerEntry& entry, const std::string& boot_id)
    : HeldAttempt(entry.intent.key, entry.outcome),
      boot_id_(boot_id),
      unit_(entry.intent.unit),
      settle_(entry.intent.settle),
      intent_boot_id_(entry.intent.boot_id),
      execution_deadline_(FromBoottime(entry.intent.deadline_boottime_ns)) {
  before_.emplace();
  before_->unit = unit_;
  before_->invocation_id = entry.intent.invocation_before;
  if (outcome_) phase_ = Phase::kDone;
}

UnitAttempt::UnitAttempt(const AttemptKey& key, Outcome outcome)
    : HeldAttempt(key), phase_(Phase::kDone) {
  is_done_ = true;
  outcome_ = std::move(outcome);
}

void UnitAttempt::Begin(Time now, Actions* actions) {
  now_ = now;
  if (is_recovered_) {
    began_ = now;
    progress_at_ = now + limits::kProgressAfter;
    if (intent_boot_id_ != boot_id_) execution_deadline_ = now + kDeadlineAfterReboot;
  }
  if (unit_.empty() || !is_restart_) {
    Find(actions);
  } else {
    phase_ = Phase::kWatching;
    asked_at_ = now;
    is_watching_ = true;  // from now on: a watch that is not answered must be taken back, too
    actions->push_back(WatchUnit{key_, unit_});
  }
}

// One inspection finds ORCA's name; for work that only inspects it is the work itself.
void UnitAttempt::Find(Actions* actions) {
  phase_ = Phase::kFinding;
  actions->push_back(InspectUnit{key_, unit_.empty() ? candidates_[candidate_] : unit_});
}

void UnitAttempt::OnFound(const UnitState& state, Actions* actions) {
  const bool is_orca = unit_.empty();
  if (is_orca && !IsInstalled(state)) {
    if (++candidate_ < candidates_.size()) return Find(actions);
    return Finish({OutcomeState::kNotApplicable,
                   Reason::kNoOrcaUnit,
                   fmt::format("this node has neither {} nor {}", kOrcaUnits[0], kOrcaUnits[1]),
                   {}},
                  actions);
  }
  unit_ = state.unit;
  if (!is_restart_) {
    before_ = state;
    Outcome outcome{OutcomeState::kSucceeded,
                    Reason::kNone,
                    fmt::format("{} is {}/{}", unit_, state.active_state, state.sub_state),
                    {}};
    if (!IsInstalled(state)) {
      outcome = {OutcomeState::kFailed,
                 Reason::kNoSuchUnit,
                 fmt::format("inspect {}: this node has no such unit", unit_),
                 {}};
    }
    return Finish(std::move(outcome), actions);
  }
  phase_ = Phase::kFound;
}

void UnitAttempt::OnWatched(Time now, const absl::Status& status, Actions* actions) {
  now_ = now;
  if (phase_ != Phase::kWatching) return;
  if (is_recovered_) return Look(actions);
  if (!status.ok()) {
    return Finish({OutcomeState::kFailed,
                   Reason::kSystemdError,
                   fmt::format("watch {}: {}; nothing was done", unit_, Message(status)),
                   {}},
                  actions);
  }
  Inspect(Phase::kInspecting, actions);
}

void UnitAttempt::OnInspected(Time now, const absl::StatusOr<UnitState>& state, Actions* actions) {
  now_ = now;
  if (phase_ == Phase::kInspectingSpire) {
    // An answer that nobody waits for any more, about the unit.
    if (state.ok() && state->unit != kSpireUnit) return;
    if (state.ok() && IsInstalled(*state)) outcome_->evidence.spire = *state;
    return Record(actions);
  }
  if (!state.ok()) {
    if (has_touched()) {
      if (now >= execution_deadline_) {
        return Finish(EndNotKnown(Message(state.status())), actions);
      }
      phase_ = Phase::kLookingLater;
      wake_at_ = now + kLookAgainAfter;
      return;
    }
    return Finish(
        {OutcomeState::kFailed,
         Reason::kSystemdError,
         fmt::format("inspect {}: {}; nothing was done",
                     unit_.empty() ? candidates_[candidate_] : unit_, Message(state.status())),
         {}},
        actions);
  }
  switch (phase_) {
    case Phase::kFinding:
      return OnFound(*state, actions);
    case Phase::kInspecting:
      return OnBefore(now, *state, actions);
    case Phase::kChecking:
      return OnAfterJob(now, *state, actions);
    case Phase::kSettled:
      return OnAfterSettle(now, *state, actions);
    case Phase::kTimingOut:
      return OnAtDeadline(*state, actions);
    case Phase::kLooking:
      return OnLooked(now, *state, actions);
    default:
      return;  // an answer that the execution deadline has overtaken
  }
}

void UnitAttempt::OnBefore(Time now, const UnitState& state, Actions* actions) {
  before_ = state;
  // The timer may come after an answer that waited as long as it did, if the process was held up.
  if (now >= execution_deadline_) return Finish(NothingDoneInTime(), actions);
  if (state.job_id != 0) {
    return Finish({OutcomeState::kRefused,
                   Reason::kUnitBusy,
                   fmt::format("restart {}: systemd's job {} is queued for it (the unit is {}/{}); "
                               "nothing was done",
                               unit_, state.job_id, state.active_state, state.sub_state),
                   {}},
                  actions);
  }
  if (IsSatisfiedBy(now, state)) {
    Outcome outcome{OutcomeState::kAlreadySatisfied,
                    Reason::kStartedSince,
                    fmt::format("{} was started {} s ago, since the time that was asked for; "
                                "nothing was done",
                                unit_, *state.active_age / 1s),
                    {}};
    outcome.evidence.after = state;
    return Finish(std::move(outcome), actions);
  }
  phase_ = Phase::kWritingIntent;
  actions->push_back(
      WriteIntent{{key_, unit_, boot_id_, state.invocation_id, settle_,
                   static_cast<uint64_t>(execution_deadline_.time_since_epoch().count())}});
}

bool UnitAttempt::IsSatisfiedBy(Time now, const UnitState& state) const {
  return satisfied_since_ && state.active_state == "active" && state.active_age &&
         now - *state.active_age >= *satisfied_since_;
}

void UnitAttempt::OnIntentWritten(Time now, const absl::Status& status, Actions* actions) {
  now_ = now;
  if (phase_ != Phase::kWritingIntent) return;
  if (!status.ok()) {
    return Finish({OutcomeState::kRefused,
                   Reason::kLedger,
                   fmt::format("write the intent to restart {}: {}; nothing was done", unit_,
                               Message(status)),
                   {}},
                  actions);
  }
  is_recorded_ = true;
  Call(actions);
}

void UnitAttempt::Call(Actions* actions) {
  phase_ = Phase::kCalling;
  job_id_ = 0;
  actions->push_back(CallRestart{key_, unit_});
}

void UnitAttempt::OnRestartAnswered(Time now, const RestartAnswer& answer, Actions* actions) {
  now_ = now;
  if (phase_ != Phase::kCalling) return;
  if (answer.error_name.empty()) {
    job_id_ = answer.job_id;
    phase_ = Phase::kWaiting;
  } else if (IsEffectUnknown(answer)) {
    phase_ = Phase::kLookingLater;
    wake_at_ = now + kLookAgainAfter;
  } else {
    Finish(ClassifyCallError(answer, *before_), actions);
  }
}

void UnitAttempt::OnJobRemoved(Time now, uint32_t job_id, const std::string& result,
                               Actions* actions) {
  now_ = now;
  if (phase_ != Phase::kWaiting || job_id != job_id_) return;
  job_result_ = result;
  Inspect(Phase::kChecking, actions);
}

void UnitAttempt::OnAfterJob(Time now, const UnitState& after, Actions* actions) {
  std::optional<Outcome> failure = ClassifyAfterJob(*before_, job_result_, after);
  if (failure) return Finish(std::move(*failure), actions);
  Settle(now, after, actions);
}

void UnitAttempt::Settle(Time now, const UnitState& state, Actions* actions) {
  settling_ = state;
  // After a crash the settle time may be over already.
  const bool is_over = is_recovered_ && state.active_age.value_or(Duration::zero()) >= settle_;
  // In somebody else's job it cannot be judged yet, however short the settle time.
  const bool is_changing = state.job_id != 0 && state.active_state != "active";
  if (!is_changing && (settle_ == Duration::zero() || is_over)) {
    return OnAfterSettle(now, state, actions);
  }
  phase_ = Phase::kSettling;
  wake_at_ = now + (is_changing ? kLookAgainAfter : settle_);
}

void UnitAttempt::OnAfterSettle(Time now, const UnitState& state, Actions* actions) {
  std::optional<Outcome> outcome = ClassifySettled(*before_, *settling_, state);
  if (outcome) return Finish(std::move(*outcome), actions);
  if (state.invocation_id != settling_->invocation_id) ++foreign_restarts_;
  Settle(now, state, actions);
}

void UnitAttempt::Inspect(Phase phase, Actions* actions) {
  phase_ = phase;
  asked_at_ = now_;
  actions->push_back(InspectUnit{key_, unit_});
}

void UnitAttempt::OnCancel(Time now, Actions* actions) {
  now_ = now;
  if (is_done() || is_recorded_ || phase_ == Phase::kInspectingSpire ||
      phase_ == Phase::kWritingIntent) {
    return;
  }
  Finish({OutcomeState::kCancelled, Reason::kCancelled, "cancelled before anything was done", {}},
         actions);
}

void UnitAttempt::Abandon(Outcome outcome, Actions* actions) {
  Finish(std::move(outcome), actions);
}

// Fills in what every outcome shows, and goes for the last piece of evidence.
void UnitAttempt::Finish(Outcome outcome, Actions* actions) {
  Evidence& evidence = outcome.evidence;
  if (before_ && !evidence.before) evidence.before = before_;
  if (evidence.job_result.empty()) evidence.job_result = job_result_;
  evidence.foreign_restarts = foreign_restarts_;
  evidence.recovered = is_recovered_;
  if (foreign_restarts_ > 0 && outcome.state == OutcomeState::kSucceeded) {
    outcome.detail +=
        fmt::format("; somebody else restarted it {} times meanwhile", foreign_restarts_);
  }
  outcome.detail = CutDetail(std::move(outcome.detail));
  outcome_ = std::move(outcome);
  if (is_watching_) actions->push_back(UnwatchUnit{unit_});
  is_watching_ = false;
  phase_ = Phase::kInspectingSpire;
  asked_at_ = now_;
  actions->push_back(InspectUnit{key_, kSpireUnit});
}

void UnitAttempt::Record(Actions* actions) {
  outcome_->evidence.duration = now_ - began_;
  phase_ = Phase::kRecording;
  if (is_recorded_) {
    actions->push_back(WriteOutcome{key_, *outcome_});
  } else {
    OnOutcomeWritten(actions);
  }
}

void UnitAttempt::OnOutcomeWritten(Actions* actions) {
  if (phase_ != Phase::kRecording) return;
  phase_ = Phase::kDone;
  is_done_ = true;
  actions->push_back(SendReport{key_, outcome_});
}

}  // namespace muster
