// The agent's pure core: which commands are let in, which attempts are held, and what each does next.
//
// No clock, no thread, no I/O: Step takes one event with its time and appends actions, which the runner does in their order.
// Time is the node's CLOCK_BOOTTIME. Owned by the runner; its thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "agent/executor/action.h"
#include "agent/executor/content_attempt.h"
#include "agent/executor/event.h"
#include "agent/executor/unit_attempt.h"

namespace muster {

struct ExecutorConfig {
  std::string node;
  std::string incarnation;
  std::string boot_id;
  // The units that may be restarted.
  std::set<std::string> policy_units;
  ContentProfile content = {};
};

class Executor {
 public:
  using Attempt = std::variant<UnitAttempt, ContentAttempt>;

  // `entries` is what the ledger holds: outcomes wait to be reported, attempts without one are looked at by Start.
  Executor(ExecutorConfig config, const std::vector<LedgerEntry>& entries);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // What this node allows now, and what its content is: for attempts that come from now on.
  void SetPolicy(std::set<std::string> policy_units, ContentProfile content);

  // Once, before the first event.
  void Start(Time now, Actions* actions);
  void Step(Time now, const Event& event, Actions* actions);

  // When to give it DeadlinePassed.
  std::optional<Time> NextDeadline() const;
  // The attempts that are not settled, for Hello.
  std::vector<AttemptKey> Held() const;
  // How many attempts are under way.
  size_t running_count() const;
  // Whether a unit is being watched for its settle time.
  bool is_settling() const;

  static std::vector<std::string> Features();

 private:
  void On(Time now, const CommandReceived& event, Actions* actions);
  void On(Time now, const CancelReceived& event, Actions* actions);
  void On(Time now, const SettledReceived& event, Actions* actions);
  void On(Time now, const Welcomed& event, Actions* actions);
  void On(Time now, const UnitWatched& event, Actions* actions);
  void On(Time now, const UnitInspected& event, Actions* actions);
  void On(Time now, const IntentWritten& event, Actions* actions);
  void On(Time now, const RestartAnswered& event, Actions* actions);
  void On(Time now, const OutcomeWritten& event, Actions* actions);
  void On(Time now, const MountsRead& event, Actions* actions);
  void On(Time now, const ChildEnded& event, Actions* actions);
  void On(Time now, const JobRemoved& event, Actions* actions);
  void On(Time now, const WatchRestored& event, Actions* actions);
  void On(Time now, const DeadlinePassed& event, Actions* actions);

  // Why a command is not let in, if it is not.
  std::optional<Outcome> Refuse(const CommandReceived& event) const;
  std::optional<Outcome> RefuseUnit(const std::string& unit, const AttemptKey& key) const;
  std::optional<Outcome> RefuseContent(const Work& work) const;
  Attempt* Find(const AttemptKey& key);
  // Null if there is none of that key and kind.
  UnitAttempt* FindUnit(const AttemptKey& key);
  ContentAttempt* FindContent(const AttemptKey& key);
  // Ends what an event has begun: attempts that were settled early.
  void Tidy(const AttemptKey& key, Actions* actions);

  ExecutorConfig config_;
  // config_.content, which attempts keep as it was when they began.
  std::shared_ptr<const ContentProfile> profile_;
  std::map<AttemptKey, Attempt> attempts_;
};

}  // namespace muster
