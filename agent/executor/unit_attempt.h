// One attempt on a unit of this node, from the command (or from the ledger, after a crash) to its outcome. Pure: takes what happened
// and the time, gives actions. Owned by the Executor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/executor/action.h"
#include "agent/executor/event.h"
#include "agent/executor/held_attempt.h"
#include "common/messages.h"
#include "common/time.h"

namespace muster {

class UnitAttempt final : public HeldAttempt {
 public:
  // A command that was let in, after `waited` on its way. `boot_id` is this node's.
  UnitAttempt(const Command& command, const std::string& boot_id, Time now, Duration waited);
  // What the ledger held when the agent started.
  UnitAttempt(const LedgerEntry& entry, const std::string& boot_id);
  // A command that was not let in, or one that ended before it began: held in memory until it is settled.
  UnitAttempt(const AttemptKey& key, Outcome outcome);

  // Also once ORCA's name is found: goes on with it.
  void Begin(Time now, Actions* actions);
  void OnWatched(Time now, const absl::Status& status, Actions* actions);
  void OnInspected(Time now, const absl::StatusOr<UnitState>& state, Actions* actions);
  void OnIntentWritten(Time now, const absl::Status& status, Actions* actions);
  void OnRestartAnswered(Time now, const RestartAnswer& answer, Actions* actions);
  void OnJobRemoved(Time now, uint32_t job_id, const std::string& result, Actions* actions);
  void OnWatchRestored(Time now, Actions* actions);
  void OnOutcomeWritten(Actions* actions);
  void OnDeadline(Time now, Actions* actions);
  // Ends the attempt if it has not touched anything yet.
  void OnCancel(Time now, Actions* actions);
  // Ends an attempt that turns out not to be allowed, before it has touched anything.
  void Abandon(Outcome outcome, Actions* actions);

  // The next time at which OnDeadline has something to do.
  std::optional<Time> deadline() const;

  // ORCA's name was found a moment ago.
  bool is_found() const { return phase_ == Phase::kFound; }
  // The unit it works on; empty while that is not known yet.
  const std::string& unit() const { return unit_; }
  // Whether nobody else may restart `unit` now.
  bool occupies(const std::string& unit) const {
    return is_restart_ && !is_done() && unit_ == unit;
  }
  bool is_watching(const std::string& unit) const { return is_watching_ && unit_ == unit; }
  bool is_settling() const { return phase_ == Phase::kSettling; }

 private:
  enum class Phase {
    kNew,
    kFinding,          // which unit ORCA is
    kFound,            // and whether it may be touched is for the Executor to say
    kWatching,         // before anything
    kInspecting,       // the state before
    kWritingIntent,    // from here on it may have an effect
    kCalling,          // RestartUnit is not answered yet
    kWaiting,          // for the job
    kChecking,         // the state after the job
    kSettling,         // until the settle time is over
    kSettled,          // the state after it
    kTimingOut,        // the state at the execution deadline
    kLooking,          // what happened while nobody looked: after a crash, or a lost bus
    kLookingLater,     // systemd did not answer; again in a moment
    kInspectingSpire,  // outcome_ is known
    kRecording,        // outcome_ is being written
    kDone,
  };

  // When the wait of this phase ends, answered or not; nothing in the phases that do not outlast a step.
  std::optional<Time> WaitEnds() const;
  Outcome NothingDoneInTime() const;
  Outcome EndNotKnown(const std::string& why) const;
  // From the synced intent on, it may have had an effect.
  bool has_touched() const { return is_recorded_; }
  void Find(Actions* actions);
  void OnFound(const UnitState& state, Actions* actions);
  void OnBefore(Time now, const UnitState& state, Actions* actions);
  bool IsSatisfiedBy(Time now, const UnitState& state) const;
  void OnAfterJob(Time now, const UnitState& after, Actions* actions);
  void OnAfterSettle(Time now, const UnitState& state, Actions* actions);
  void OnAtDeadline(const UnitState& state, Actions* actions);
  Outcome JobStillRuns(const UnitState& state) const;
  Outcome NotSettled(const UnitState& state) const;
  void OnLooked(Time now, const UnitState& state, Actions* actions);
  void Settle(Time now, const UnitState& state, Actions* actions);
  void Look(Actions* actions);
  void Inspect(Phase phase, Actions* actions);
  void Call(Actions* actions);
  void Finish(Outcome outcome, Actions* actions);
  void Record(Actions* actions);

  std::string boot_id_;
  bool is_restart_ = true;  // else it only inspects
  std::vector<std::string> candidates_;
  size_t candidate_ = 0;
  std::string unit_;
  Duration settle_{};
  // A unit that is active and was started at this time or later is left alone.
  std::optional<Time> satisfied_since_;

  Phase phase_ = Phase::kNew;
  bool is_watching_ = false;
  bool has_repeated_ = false;
  std::string intent_boot_id_;
  Time began_{};
  Time execution_deadline_{};
  std::optional<Time> progress_at_;
  Time wake_at_{};   // of kSettling and kLookingLater
  Time asked_at_{};  // when systemd was last asked about the unit

  uint32_t job_id_ = 0;
  std::string job_result_;
  Boxed<UnitState> before_;
  Boxed<UnitState> settling_;  // the state when the settle time began
  uint32_t foreign_restarts_ = 0;
  Time now_{};  // of the last event; for the evidence's duration
};

}  // namespace muster
