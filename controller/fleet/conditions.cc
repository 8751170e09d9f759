#include "controller/fleet/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "common/version.h"

namespace muster {
namespace {

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 2> kOrca = {"cray-orca.service", "cray-dvs-orca.service"};
constexpr std::array<std::string_view, 1> kSpire = {"spire-agent.service"};

Condition AgentAttached(const NodeInfo& node) {
  Condition condition{ConditionKind::kAgentAttached, Truth::kTrue, "Attached", "",
                      node.presence_since};
  if (node.in_conflict) {
    condition.truth = Truth::kFalse;
    condition.reason = "Conflict";
    condition.message = "several agents claim to be this node";
    return condition;
  }
  if (node.presence == Presence::kAttached) {
    condition.mark = node.hello.boot_id;
    return condition;
  }
  const bool is_new = node.presence == Presence::kNeverSeen;
  condition.reason = is_new ? "NeverSeen" : "Away";
  // Whom HSM does not call Ready may be away; of whom HSM says nothing it is not known.
  const bool must_be_there = node.in_hsm ? node.state == "Ready" && node.is_enabled : !is_new;
  condition.truth = must_be_there ? Truth::kFalse : Truth::kUnknown;
  if (node.in_hsm) condition.message = fmt::format("HSM says {}", node.state);
  return condition;
}

bool IsOneOf(Names names, const std::string& unit) {
  return std::find(names.begin(), names.end(), unit) != names.end();
}

const UnitState* FindUnit(const NodeInfo& node, Names names) {
  const std::vector<UnitState>& units = node.hello.status.units;
  const auto is_one = [&](const UnitState& unit) { return IsOneOf(names, unit.unit); };
  // Of two, the one that is there under its own name.
  auto found = std::find_if(units.begin(), units.end(), [&](const UnitState& unit) {
    return is_one(unit) && unit.load_state == "loaded";
  });
  if (found == units.end()) found = std::find_if(units.begin(), units.end(), is_one);
  return found == units.end() ? nullptr : &*found;
}

// As it is now.
std::optional<Duration> AgeOf(const UnitState& unit, const NodeInfo& node, Time now) {
  if (!unit.active_age || !node.status_time) return std::nullopt;
  return *unit.active_age + (now - *node.status_time);
}

void Judge(const UnitState& unit, std::optional<Duration> age, Condition* condition) {
  const bool is_active = unit.active_state == "active";
  const bool is_young = is_active ? age && *age < kCrashLoopAge : unit.active_state == "activating";
  const bool is_looping = unit.restarts >= kCrashLoopRestarts && is_young;
  condition->truth = is_active && !is_looping ? Truth::kTrue : Truth::kFalse;
  if (unit.load_state != "loaded") {
    condition->truth = Truth::kFalse;
    condition->reason = "NotLoaded";
    condition->message = fmt::format("{} is {}", unit.unit, unit.load_state);
  } else if (is_looping || unit.sub_state == "auto-restart") {
    condition->reason = kCrashLoop;
    condition->message = fmt::format("{} was started again {} times by itself, the last end was {}",
                                     unit.unit, unit.restarts, unit.result);
  } else if (is_active) {
    condition->reason = "Active";
  } else if (unit.active_state == "activating" || unit.active_state == "reloading") {
    condition->truth = Truth::kUnknown;
    condition->reason = "Starting";
  } else if (unit.active_state == "failed") {
    condition->reason = "Failed";
    condition->message = fmt::format("{} failed: {}", unit.unit, unit.result);
  } else {
    condition->reason = "Stopped";
    condition->message = fmt::format("{} is {}", unit.unit, unit.active_state);
  }
}

bool TellsChanges(const NodeInfo& node) { return node.hello.protocol_version >= kTellsChanges; }

// What was known of it once. It may be another thing now.
void Forget(std::string once, Condition* condition) {
  condition->truth = Truth::kUnknown;
  condition->reason = kOldAgent;
  condition->message = std::move(once) + ", and its agent does not tell what has changed since";
}

// Of the agent of an old protocol version. What was told last is from its Hello, or from an outcome.
void ForgetUnit(const UnitState& unit, Condition* condition) {
  Forget(fmt::format("{} was {} when it was looked at last", unit.unit, unit.active_state),
         condition);
}

void AddUnit(const NodeInfo& node, ConditionKind kind, Names names, Time now,
             std::vector<Condition>* conditions) {
  const UnitState* unit = FindUnit(node, names);
  if (unit == nullptr) return;
  Condition condition{kind, Truth::kUnknown, kAgentAway, ""};
  if (node.presence == Presence::kAttached && !TellsChanges(node)) {
    ForgetUnit(*unit, &condition);
  } else if (node.presence == Presence::kAttached) {
    const std::optional<Duration> age = AgeOf(*unit, node, now);
    Judge(*unit, age, &condition);
    if (age) condition.since = now - *age;
    condition.mark = unit->invocation_id;
    condition.is_by_job = condition.mark == node.job_invocation;
  }
  conditions->push_back(std::move(condition));
}

// The worst of the others tells for all: what is False before what is Unknown, and the first of them.
void AddOtherUnits(const NodeInfo& node, Time now, std::vector<Condition>* conditions) {
  std::optional<Condition> worst;
  const auto rank = [](const Condition& one) {
    return one.truth == Truth::kFalse ? 2 : one.truth == Truth::kUnknown ? 1 : 0;
  };
  for (const UnitState& unit : node.hello.status.units) {
    const bool has_own = IsOneOf(kOrca, unit.unit) || IsOneOf(kSpire, unit.unit);
    if (has_own || unit.load_state == "not-found") continue;
    Condition condition{ConditionKind::kUnitsActive, Truth::kUnknown, kAgentAway, ""};
    if (node.presence == Presence::kAttached) Judge(unit, AgeOf(unit, node, now), &condition);
    if (node.presence == Presence::kAttached && !TellsChanges(node)) ForgetUnit(unit, &condition);
    if (!worst || rank(condition) > rank(*worst)) worst = std::move(condition);
  }
  if (worst) conditions->push_back(*std::move(worst));
}

void AddSubscribed(const NodeInfo& node, IfSubscribed is_subscribed,
                   std::vector<Condition>* conditions) {
  if (!is_subscribed || FindUnit(node, kOrca) == nullptr) return;
  if (*is_subscribed) {
    conditions->push_back({ConditionKind::kSubscribed, Truth::kTrue, "Subscribed", ""});
  } else if (node.presence == Presence::kAttached) {
    conditions->push_back({ConditionKind::kSubscribed, Truth::kFalse, "NotSubscribed",
                           "HMNFD's list does not have it"});
  } else {
    conditions->push_back({ConditionKind::kSubscribed, Truth::kUnknown, kAgentAway, ""});
  }
}

void AddContent(const NodeInfo& node, std::vector<Condition>* conditions) {
  const size_t mounted = node.hello.status.mounted.size();
  if (mounted == 0 && !node.had_content) return;
  Condition condition{ConditionKind::kContentMounted, Truth::kUnknown, kAgentAway, ""};
  if (node.presence == Presence::kAttached && !TellsChanges(node)) {
    Forget(fmt::format("it had {} mounts when it attached", mounted), &condition);
  } else if (node.presence == Presence::kAttached && mounted > 0) {
    condition.truth = Truth::kTrue;
    condition.reason = "Mounted";
    condition.message = fmt::format("{} mounts", mounted);
  } else if (node.presence == Presence::kAttached) {
    condition.truth = Truth::kFalse;
    condition.reason = "Gone";
    condition.message = "it was mounted since the node has booted, and is not any more";
  }
  conditions->push_back(std::move(condition));
}

void AddVersion(const NodeInfo& node, std::vector<Condition>* conditions) {
  if (node.presence != Presence::kAttached) return;
  if (!TellsChanges(node)) {
    conditions->push_back(
        {ConditionKind::kAgentCurrent, Truth::kUnknown, kOldAgent,
         fmt::format(
             "its agent is {} and speaks protocol version {}, this controller {}: update it",
             node.hello.agent_version, node.hello.protocol_version, kProtocolVersion)});
    return;
  }
  if (node.hello.agent_version == kVersion) return;
  conditions->push_back(
      {ConditionKind::kAgentCurrent, Truth::kUnknown, "OtherVersion",
       fmt::format("its agent is {}, this controller {}", node.hello.agent_version, kVersion)});
}

void AddClock(const NodeInfo& node, std::vector<Condition>* conditions) {
  if (node.presence != Presence::kAttached || !node.clock_ahead) return;
  const Duration off = std::chrono::abs(*node.clock_ahead);
  if (off <= kClockTolerance) return;
  const bool is_ahead = *node.clock_ahead > Duration(0);
  conditions->push_back({ConditionKind::kClockSynced, Truth::kFalse, "ClockOff",
                         fmt::format("when it attached its clock was {} s {} the controller's",
                                     off / 1s, is_ahead ? "ahead of" : "behind")});
}

}  // namespace

const char* Name(ConditionKind kind) {
  constexpr std::array<const char*, kConditionKinds> kNames = {
      "Unspecified",  "AgentAttached", "OrcaActive",  "Subscribed", "ContentMounted",
      "SpireHealthy", "AgentCurrent",  "ClockSynced", "UnitsActive"};
  return kNames[static_cast<size_t>(kind)];
}

std::vector<Condition> ConditionsOf(const NodeInfo& node, IfSubscribed is_subscribed, Time now) {
  std::vector<Condition> conditions = {AgentAttached(node)};
  if (node.presence == Presence::kNeverSeen) return conditions;
  AddUnit(node, ConditionKind::kOrcaActive, kOrca, now, &conditions);
  AddSubscribed(node, is_subscribed, &conditions);
  AddContent(node, &conditions);
  AddUnit(node, ConditionKind::kSpireHealthy, kSpire, now, &conditions);
  AddVersion(node, &conditions);
  AddClock(node, &conditions);
  AddOtherUnits(node, now, &conditions);
  return conditions;
}

Verdict VerdictOn(const std::vector<Condition>& conditions) {
  Verdict verdict = Verdict::kWell;
  for (const Condition& condition : conditions) {
    if (condition.truth == Truth::kFalse) return Verdict::kDegraded;
    const bool is_away =
        condition.kind == ConditionKind::kAgentAttached && condition.truth == Truth::kUnknown;
    if (is_away || condition.reason == kOldAgent) verdict = Verdict::kUnknown;
  }
  return verdict;
}

}  // namespace muster
