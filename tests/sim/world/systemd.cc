// The states and results are those that systemd 252 was seen to give; see agent/systemd/unit_result.cc, which judges them.
#include "tests/sim/world/systemd.h"

#include <algorithm>
#include <utility>

namespace muster::sim {
namespace {

// DefaultStartLimitBurst= and DefaultStartLimitIntervalSec= of systemd-system.conf(5).
constexpr size_t kStartLimitBurst = 5;
constexpr Duration kStartLimitInterval = 10s;
constexpr Duration kStartTimeout = 90s;

void Set(UnitState& state, const char* active, const char* sub) {
  state.active_state = active;
  state.sub_state = sub;
}

}  // namespace

void Systemd::Add(const std::string& name, Behaviour behaviour) {
  Unit& unit = units_[name];
  unit.state.unit = name;
  SetBehaviour(name, behaviour);
}

void Systemd::SetBehaviour(const std::string& name, Behaviour behaviour) {
  Unit& unit = units_[name];
  unit.behaviour = behaviour;
  unit.state.load_state = behaviour == Behaviour::kNotFound ? "not-found"
                          : behaviour == Behaviour::kMasked ? "masked"
                                                            : "loaded";
  unit.failures_left = static_cast<uint32_t>(random_.Between(1, 2));
  unit.has_start_timeout = random_.Chance(70);
}

void Systemd::Boot() {
  ++boot_;
  for (auto& [name, unit] : units_) {
    UnitState& state = unit.state;
    state.result = "success";
    Set(state, "inactive", "dead");
    state.condition_result = false;
    const bool can_start = state.load_state == "loaded" &&
                           unit.behaviour != Behaviour::kConditionNotMet &&
                           unit.behaviour != Behaviour::kDependencyFails;
    // Most are up when the agent is; some have never been started.
    if (can_start && random_.Chance(90)) {
      Start(name, unit);
      if (unit.state.active_state == "activating") {
        ++unit.step;
        BecomeActive(name, unit);
      }
    }
  }
}

void Systemd::PowerOff() {
  ++boot_;
  for (auto& [name, unit] : units_) {
    EndInvocation(unit);
    ++unit.step;
    const std::string load = unit.state.load_state;
    unit.state = {};
    unit.state.unit = name;
    unit.state.load_state = load;
    Set(unit.state, "inactive", "dead");
    unit.active_since.reset();
    unit.key.reset();
    unit.starts.clear();
  }
}

UnitState Systemd::Inspect(const std::string& name) const {
  const auto it = units_.find(name);
  if (it == units_.end() || it->second.behaviour == Behaviour::kNotFound) {
    UnitState none;
    none.unit = name;
    none.load_state = "not-found";
    Set(none, "inactive", "dead");
    return none;
  }
  UnitState state = it->second.state;
  if (it->second.active_since) state.active_age = agenda_.now() - *it->second.active_since;
  return state;
}

RestartAnswer Systemd::Restart(const std::string& name, const std::optional<AttemptKey>& key) {
  const auto it = units_.find(name);
  if (it == units_.end() || it->second.behaviour == Behaviour::kNotFound) {
    return {0, "org.freedesktop.systemd1.NoSuchUnit", "Unit not found."};
  }
  Unit& unit = it->second;
  UnitState& state = unit.state;
  if (unit.behaviour == Behaviour::kMasked) {
    return {0, "org.freedesktop.systemd1.UnitMasked", "Unit is masked."};
  }
  // A restart is merged into the one that is queued.
  if (state.job_id != 0) return {state.job_id, "", ""};
  unit.starts.clear();
  state.restarts = 0;
  if (state.active_state == "failed") Set(state, "inactive", "dead");
  state.result = "success";

  state.job_id = ++last_job_;
  unit.key = key;
  unit.is_untouched = true;
  ++unit.step;
  if (unit.behaviour == Behaviour::kDependencyFails) {
    Plan(name, random_.Skewed(1s), [this, name](Unit& u) { EndJob(name, u, "dependency"); });
    return {state.job_id, "", ""};
  }
  const bool was_up = state.active_state == "active";
  if (was_up || state.active_state == "activating") Touch(name, unit);
  EndInvocation(unit);
  if (was_up) Set(state, "deactivating", "stop-sigterm");
  Plan(name, was_up ? random_.Skewed(3s) : Duration(0), [this, name](Unit& u) { Start(name, u); });
  return {state.job_id, "", ""};
}

void Systemd::Stop(const std::string& name) {
  const auto it = units_.find(name);
  if (it == units_.end() || it->second.state.load_state != "loaded") return;
  Unit& unit = it->second;
  ++unit.step;
  EndInvocation(unit);
  Set(unit.state, "inactive", "dead");
  unit.state.result = "success";
  if (unit.state.job_id != 0) EndJob(name, unit, "canceled");
}

void Systemd::Start(const std::string& name, Unit& unit) {
  UnitState& state = unit.state;
  if (unit.behaviour == Behaviour::kStartLimit || IsLimitHit(unit)) {
    Set(state, "failed", "failed");
    state.result = "start-limit-hit";
    if (state.job_id != 0) EndJob(name, unit, "failed");
    return;
  }
  unit.starts.push_back(agenda_.now());
  if (unit.behaviour == Behaviour::kConditionNotMet) {
    Set(state, "inactive", "dead");
    state.condition_result = false;
    if (state.job_id != 0) EndJob(name, unit, "done");
    return;
  }
  Touch(name, unit);
  if (unit.key) listener_.OnStarted(*unit.key, name);
  state.condition_result = true;
  state.invocation_id = random_.Hex(32);
  invocations_[state.invocation_id] = {name, agenda_.now(), std::nullopt, std::nullopt, unit.key};
  Set(state, "activating", "start");
  state.result = "success";
  switch (unit.behaviour) {
    case Behaviour::kFailsAtFirst:
      if (unit.failures_left > 0) {
        --unit.failures_left;
        return Plan(name, random_.Skewed(2s),
                    [this, name](Unit& u) { Fail(name, u, "exit-code", "failed"); });
      }
      break;
    case Behaviour::kFails:
      return Plan(name, random_.Skewed(2s),
                  [this, name](Unit& u) { Fail(name, u, "exit-code", "failed"); });
    case Behaviour::kHangs:
      if (!unit.has_start_timeout) return;
      return Plan(name, kStartTimeout,
                  [this, name](Unit& u) { Fail(name, u, "timeout", "failed"); });
    case Behaviour::kSlow:
      return Plan(name, random_.Between(1s, 30s), [this, name](Unit& u) { BecomeActive(name, u); });
    default:
      break;
  }
  Plan(name, random_.Skewed(1s), [this, name](Unit& u) { BecomeActive(name, u); });
}

void Systemd::BecomeActive(const std::string& name, Unit& unit) {
  Set(unit.state, "active", "running");
  unit.active_since = agenda_.now();
  invocations_[unit.state.invocation_id].active = agenda_.now();
  if (unit.behaviour == Behaviour::kDiesLater || unit.behaviour == Behaviour::kCrashLoops) {
    const bool restarts = unit.behaviour == Behaviour::kCrashLoops;
    Plan(name, random_.Between(100ms, 8s),
         [this, name, restarts](Unit& u) { Die(name, u, restarts); });
  }
  if (unit.state.job_id != 0) EndJob(name, unit, "done");
}

void Systemd::Die(const std::string& name, Unit& unit, bool restarts) {
  EndInvocation(unit);
  unit.state.result = "exit-code";
  unit.state.exec_main_status = 1;
  if (!restarts) return Set(unit.state, "failed", "failed");
  Set(unit.state, "activating", "auto-restart");
  Plan(name, random_.Between(100ms, 4s), [this, name](Unit& u) {
    ++u.state.restarts;
    u.key.reset();
    Start(name, u);
  });
}

void Systemd::Fail(const std::string& name, Unit& unit, const std::string& result,
                   const std::string& job_result) {
  EndInvocation(unit);
  Set(unit.state, "failed", "failed");
  unit.state.result = result;
  unit.state.exec_main_status = 1;
  if (unit.state.job_id != 0) EndJob(name, unit, job_result);
}

void Systemd::Touch(const std::string& name, Unit& unit) {
  if (unit.key && std::exchange(unit.is_untouched, false)) listener_.OnTouched(*unit.key, name);
}

void Systemd::EndInvocation(Unit& unit) {
  unit.active_since.reset();
  const auto it = invocations_.find(unit.state.invocation_id);
  if (it != invocations_.end() && !it->second.ended) it->second.ended = agenda_.now();
}

void Systemd::EndJob(const std::string& name, Unit& unit, const std::string& result) {
  const uint32_t job = std::exchange(unit.state.job_id, 0);
  unit.key.reset();
  listener_.OnJobRemoved(name, job, result);
}

bool Systemd::IsLimitHit(Unit& unit) {
  std::erase_if(unit.starts,
                [this](Duration start) { return agenda_.now() - start > kStartLimitInterval; });
  return unit.starts.size() >= kStartLimitBurst;
}

void Systemd::Plan(const std::string& name, Duration delay, std::function<void(Unit&)> what) {
  Unit& unit = units_.at(name);
  agenda_.After(delay, [this, name, step = ++unit.step, boot = boot_, what = std::move(what)] {
    Unit& planned = units_.at(name);
    if (boot == boot_ && planned.step == step) what(planned);
  });
}

const Invocation* Systemd::Find(const std::string& invocation) const {
  const auto it = invocations_.find(invocation);
  return it == invocations_.end() ? nullptr : &it->second;
}

std::optional<Duration> Systemd::ActiveSince(const std::string& unit) const {
  const auto it = units_.find(unit);
  return it == units_.end() ? std::nullopt : it->second.active_since;
}

std::vector<std::string> Systemd::units() const {
  std::vector<std::string> names;
  for (const auto& [name, unit] : units_) names.push_back(name);
  return names;
}

}  // namespace muster::sim
