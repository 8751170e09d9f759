// Theory of operation.
//
// An attempt is held from the moment its command comes until the controller says Settled. A command is let in if its key is new
// (else it is answered with what is known), if it is meant for this incarnation of the ledger, came in time, asks for what this
// agent can do and the node's policy allows, and no other attempt works on the same unit. What is not let in ends at once, without the
// ledger: nothing was done, and judging it again after a crash gives the same answer or a better one.
//
// Reports get lost with their stream; so every held outcome is reported again after each Welcome.
#include "agent/executor/executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/limits.h"

namespace muster {
namespace {

Outcome Refused(Reason reason, std::string detail) {
  return {OutcomeState::kRefused, reason, CutDetail(std::move(detail)), {}};
}

// A key becomes a file name of the ledger, so it has no other characters.
bool IsWellFormed(const AttemptKey& key) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
  return !key.task.empty() && key.task.size() <= limits::kMaxNameBytes && key.attempt > 0 &&
         key.task.find_first_not_of(kAllowed) == std::string::npos;
}

// More is a mistake, and could not be added to a time. The controller lets operators ask for a week.
constexpr Duration kMaxDuration = 30 * 24h;

// An operator may ask for "since the last maintenance"; more could not be taken from a time.
constexpr Duration kMaxAge = 100 * 365 * 24h;

bool IsPossible(const Command& command) {
  const auto* restart = std::get_if<RestartUnit>(&command.work);
  const Duration settle = restart == nullptr ? Duration::zero() : restart->settle;
  const Duration age =
      restart == nullptr ? Duration::zero() : restart->satisfied_age.value_or(Duration::zero());
  return command.execution_deadline > Duration::zero() &&
         command.execution_deadline <= kMaxDuration && settle >= Duration::zero() &&
         settle <= kMaxDuration && age >= Duration::zero() && age <= kMaxAge;
}

const HeldAttempt& HeldOf(const Executor::Attempt& attempt) {
  return std::visit([](const auto& a) -> const HeldAttempt& { return a; }, attempt);
}

const std::string& UnitOf(const Work& work) {
  static const std::string kNone;
  if (const auto* restart = std::get_if<RestartUnit>(&work)) return restart->unit;
  if (const auto* inspect = std::get_if<Inspect>(&work)) return inspect->unit;
  return kNone;
}

}  // namespace

Executor::Executor(ExecutorConfig config, const std::vector<LedgerEntry>& entries)
    : config_(std::move(config)),
      profile_(std::make_shared<const ContentProfile>(config_.content)) {
  for (const LedgerEntry& entry : entries) {
    const AttemptKey& key = entry.intent.key;
    if (entry.intent.content) {
      attempts_.emplace(key, ContentAttempt(entry, config_.boot_id, profile_));
    } else {
      attempts_.emplace(key, UnitAttempt(entry, config_.boot_id));
    }
  }
}

std::vector<std::string> Executor::Features() {
  return {kRestartUnitFeature, kInspectFeature, kRestartSinceFeature, kContentFeature};
}

void Executor::SetPolicy(std::set<std::string> policy_units, ContentProfile content) {
  config_.policy_units = std::move(policy_units);
  config_.content = std::move(content);
  profile_ = std::make_shared<const ContentProfile>(config_.content);
}

void Executor::Start(Time now, Actions* actions) {
  for (auto& [key, attempt] : attempts_) {
    if (!HeldOf(attempt).is_done())
      std::visit([now, actions](auto& a) { a.Begin(now, actions); }, attempt);
  }
}

void Executor::Step(Time now, const Event& event, Actions* actions) {
  std::visit([this, now, actions](const auto& e) { On(now, e, actions); }, event);
  // Watching a unit twice is watching it once, so an attempt that ends must leave the watch to the others.
  std::erase_if(*actions, [this](const Action& action) {
    const auto* unwatch = std::get_if<UnwatchUnit>(&action);
    return unwatch != nullptr &&
           std::any_of(attempts_.begin(), attempts_.end(), [unwatch](const auto& entry) {
             const auto* attempt = std::get_if<UnitAttempt>(&entry.second);
             return attempt != nullptr && attempt->is_watching(unwatch->unit);
           });
  });
}

void Executor::On(Time now, const CommandReceived& event, Actions* actions) {
  const AttemptKey& key = event.command.key;
  if (const Attempt* attempt = Find(key)) {
    const HeldAttempt& held = HeldOf(*attempt);
    if (held.is_done()) actions->push_back(SendReport{key, held.outcome()});
    return;
  }
  if (event.tombstone) {
    actions->push_back(SendReport{key, event.tombstone});
    return;
  }
  if (attempts_.size() >= limits::kMaxHeldAttempts) {
    // Not held, or the limit would be none: the controller may send it again.
    actions->push_back(SendReport{
        key,
        Refused(Reason::kAgentBusy,
                fmt::format("the agent holds {} attempts, as many as it may", attempts_.size()))});
    return;
  }
  if (std::optional<Outcome> refusal = Refuse(event)) {
    actions->push_back(SendReport{key, refusal});
    // A key that cannot be is not kept, or it would be listed in each Hello.
    if (refusal->reason == Reason::kMalformed) return;
    attempts_.emplace(key, UnitAttempt(key, std::move(*refusal)));
    return;
  }
  if (IsContentWork(event.command.work)) {
    Attempt& attempt =
        attempts_.emplace(key, ContentAttempt(event.command, config_.boot_id, profile_, now))
            .first->second;
    return std::get<ContentAttempt>(attempt).Begin(now, actions);
  }
  Attempt& attempt =
      attempts_.emplace(key, UnitAttempt(event.command, config_.boot_id, now, event.waited))
          .first->second;
  std::get<UnitAttempt>(attempt).Begin(now, actions);
}

std::optional<Outcome> Executor::Refuse(const CommandReceived& event) const {
  const Command& command = event.command;
  const std::string& unit = UnitOf(command.work);
  if (!IsWellFormed(command.key) || !IsPossible(command) || unit.size() > limits::kMaxNameBytes) {
    return Refused(Reason::kMalformed, "the command's key, unit or times break the protocol");
  }
  if (command.incarnation != config_.incarnation) {
    return Refused(Reason::kWrongIncarnation,
                   fmt::format("the command is for incarnation {}, this ledger is {}",
                               command.incarnation, config_.incarnation));
  }
  const std::vector<std::string> features = Features();
  for (const std::string& feature : command.required_features) {
    if (std::find(features.begin(), features.end(), feature) == features.end()) {
      return Refused(Reason::kUnsupported, fmt::format("this agent lacks the feature {}", feature));
    }
  }
  if (std::holds_alternative<UnknownWork>(command.work)) {
    return Refused(Reason::kUnsupported, "this agent does not know what it is asked to do");
  }
  if (event.waited > command.start_within) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    return Outcome{
        OutcomeState::kExpired,
        Reason::kExpired,
        fmt::format("the command was {} ms on its way, more than {} ms; it was not started",
                    duration_cast<milliseconds>(event.waited).count(),
                    duration_cast<milliseconds>(command.start_within).count()),
        {}};
  }
  if (IsContentWork(command.work)) return RefuseContent(command.work);
  if (std::holds_alternative<RestartUnit>(command.work) && !unit.empty()) {
    return RefuseUnit(unit, command.key);
  }
  return std::nullopt;
}

// Two at once would unmount what the other mounts. Outcomes with records are large, so that few are held.
std::optional<Outcome> Executor::RefuseContent(const Work& work) const {
  size_t held = 0;
  for (const auto& [key, other] : attempts_) {
    const auto* attempt = std::get_if<ContentAttempt>(&other);
    if (attempt == nullptr) continue;
    ++held;
    if (!attempt->is_done() && attempt->has_effect() && ChangesContent(work)) {
      return Refused(Reason::kAgentBusy,
                     fmt::format("attempt {} of {} works on the content; nothing was done",
                                 key.attempt, key.task));
    }
  }
  if (held < limits::kMaxHeldContentAttempts) return std::nullopt;
  return Refused(Reason::kAgentBusy,
                 fmt::format("the agent holds {} attempts on content, as many as it may", held));
}

std::optional<Outcome> Executor::RefuseUnit(const std::string& unit, const AttemptKey& key) const {
  if (!config_.policy_units.contains(unit)) {
    return Refused(Reason::kPolicy,
                   fmt::format("restart {}: the policy of this node does not list it; nothing was "
                               "done",
                               unit));
  }
  for (const auto& [other_key, other] : attempts_) {
    const auto* attempt = std::get_if<UnitAttempt>(&other);
    if (other_key != key && attempt != nullptr && attempt->occupies(unit)) {
      return Refused(Reason::kUnitBusy,
                     fmt::format("restart {}: attempt {} of {} works on it; nothing was done", unit,
                                 other_key.attempt, other_key.task));
    }
  }
  return std::nullopt;
}

void Executor::On(Time now, const CancelReceived& event, Actions* actions) {
  if (Attempt* attempt = Find(event.key)) {
    std::visit([now, actions](auto& a) { a.OnCancel(now, actions); }, *attempt);
  } else if (event.tombstone) {
    actions->push_back(SendReport{event.key, event.tombstone});
  } else {
    actions->push_back(SendReport{
        event.key,
        Outcome{
            OutcomeState::kNotHeld, Reason::kNotHeld, "this agent does not hold the attempt", {}}});
  }
}

void Executor::On(Time, const SettledReceived& event, Actions* actions) {
  Attempt* attempt = Find(event.key);
  if (attempt == nullptr) return;
  std::visit([](auto& a) { a.set_settle_when_done(); }, *attempt);
  Tidy(event.key, actions);
}

void Executor::On(Time, const Welcomed&, Actions* actions) {
  for (const auto& [key, held] : attempts_) {
    const HeldAttempt& attempt = HeldOf(held);
    if (attempt.is_done()) {
      actions->push_back(SendReport{key, attempt.outcome()});
    } else if (attempt.is_reported_running()) {
      actions->push_back(SendReport{key, std::nullopt});
    }
  }
}

void Executor::On(Time now, const UnitWatched& event, Actions* actions) {
  if (UnitAttempt* attempt = FindUnit(event.key)) attempt->OnWatched(now, event.status, actions);
}

void Executor::On(Time now, const UnitInspected& event, Actions* actions) {
  UnitAttempt* attempt = FindUnit(event.key);
  if (attempt == nullptr) return;
  attempt->OnInspected(now, event.state, actions);
  if (attempt->is_found()) {
    // Only now is it known which unit ORCA is on this node, and whether it may be touched.
    if (std::optional<Outcome> refusal = RefuseUnit(attempt->unit(), event.key)) {
      attempt->Abandon(std::move(*refusal), actions);
    } else {
      attempt->Begin(now, actions);
    }
  }
  Tidy(event.key, actions);
}

void Executor::On(Time now, const IntentWritten& event, Actions* actions) {
  Attempt* attempt = Find(event.key);
  if (attempt == nullptr) return;
  std::visit([&](auto& a) { a.OnIntentWritten(now, event.status, actions); }, *attempt);
  Tidy(event.key, actions);
}

void Executor::On(Time now, const RestartAnswered& event, Actions* actions) {
  if (UnitAttempt* attempt = FindUnit(event.key))
    attempt->OnRestartAnswered(now, event.answer, actions);
}

void Executor::On(Time, const OutcomeWritten& event, Actions* actions) {
  Attempt* attempt = Find(event.key);
  if (attempt == nullptr) return;
  std::visit([actions](auto& a) { a.OnOutcomeWritten(actions); }, *attempt);
  Tidy(event.key, actions);
}

void Executor::On(Time now, const MountsRead& event, Actions* actions) {
  if (ContentAttempt* attempt = FindContent(event.key))
    attempt->OnMountsRead(now, *event.table, actions);
  Tidy(event.key, actions);
}

void Executor::On(Time now, const ChildEnded& event, Actions* actions) {
  if (ContentAttempt* attempt = FindContent(event.key))
    attempt->OnChildEnded(now, event.result, actions);
  Tidy(event.key, actions);
}

void Executor::On(Time now, const JobRemoved& event, Actions* actions) {
  for (auto& [key, held] : attempts_) {
    auto* attempt = std::get_if<UnitAttempt>(&held);
    if (attempt != nullptr && attempt->unit() == event.unit)
      attempt->OnJobRemoved(now, event.job_id, event.result, actions);
  }
}

void Executor::On(Time now, const WatchRestored& event, Actions* actions) {
  for (auto& [key, held] : attempts_) {
    auto* attempt = std::get_if<UnitAttempt>(&held);
    if (attempt != nullptr && attempt->unit() == event.unit) attempt->OnWatchRestored(now, actions);
  }
}

void Executor::On(Time now, const DeadlinePassed&, Actions* actions) {
  for (auto& [key, held] : attempts_)
    std::visit([now, actions](auto& a) { a.OnDeadline(now, actions); }, held);
}

Executor::Attempt* Executor::Find(const AttemptKey& key) {
  const auto it = attempts_.find(key);
  return it == attempts_.end() ? nullptr : &it->second;
}

UnitAttempt* Executor::FindUnit(const AttemptKey& key) {
  Attempt* attempt = Find(key);
  return attempt == nullptr ? nullptr : std::get_if<UnitAttempt>(attempt);
}

ContentAttempt* Executor::FindContent(const AttemptKey& key) {
  Attempt* attempt = Find(key);
  return attempt == nullptr ? nullptr : std::get_if<ContentAttempt>(attempt);
}

void Executor::Tidy(const AttemptKey& key, Actions* actions) {
  const Attempt* attempt = Find(key);
  if (attempt == nullptr) return;
  const HeldAttempt& held = HeldOf(*attempt);
  if (!held.is_done() || !held.settle_when_done()) return;
  if (held.is_recorded()) actions->push_back(SettleEntry{key});
  attempts_.erase(key);
}

std::optional<Time> Executor::NextDeadline() const {
  std::optional<Time> next;
  for (const auto& [key, held] : attempts_) {
    const std::optional<Time> deadline =
        std::visit([](const auto& attempt) { return attempt.deadline(); }, held);
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

std::vector<AttemptKey> Executor::Held() const {
  std::vector<AttemptKey> keys;
  for (const auto& [key, attempt] : attempts_) keys.push_back(key);
  return keys;
}

size_t Executor::running_count() const {
  return static_cast<size_t>(std::count_if(attempts_.begin(), attempts_.end(), [](const auto& a) {
    return !HeldOf(a.second).is_done();
  }));
}

bool Executor::is_settling() const {
  return std::any_of(attempts_.begin(), attempts_.end(), [](const auto& held) {
    const auto* attempt = std::get_if<UnitAttempt>(&held.second);
    return attempt != nullptr && attempt->is_settling();
  });
}

}  // namespace muster
