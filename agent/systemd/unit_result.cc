// Theory. Three facts decide, in this order:
//
//  1. The job's result, where it says more than the unit does: canceled, timeout, dependency, assert. Such a job leaves
//     the unit in any state, and its Result= often says "success".
//  2. Whether the InvocationID changed: it is new for each start that was tried, failed ones and automatic restarts included.
//     A failed job under the old one was never tried: the start limit (which stops a running unit all the same).
//  3. The unit's state, and its Result= if it failed. NRestarts goes to 0 at our restart, so that any number above it
//     counts what systemd restarted by itself since.
#include "agent/systemd/unit_result.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace muster {
namespace {

constexpr auto kInSettle = "within the settle time";

// The names of systemd.exec(5), "Process Exit Codes", for those that mean "your program was not even run".
constexpr auto kExitNames = std::to_array<std::pair<int, const char*>>({
    {200, "CHDIR"},
    {203, "EXEC"},
    {206, "FDS"},
    {208, "STDIN"},
    {209, "STDOUT"},
    {214, "SETSCHEDULER"},
    {216, "GROUP"},
    {217, "USER"},
    {218, "CAPABILITIES"},
    {219, "CGROUP"},
    {226, "NAMESPACE"},
    {233, "RUNTIME_DIRECTORY"},
    {238, "STATE_DIRECTORY"},
    {240, "LOGS_DIRECTORY"},
});

// The numbers of x86 and ARM; strings(3) has no portable way that glibc 2.31 knows.
constexpr auto kSignalNames = std::to_array<std::pair<int, const char*>>({
    {1, "SIGHUP"},
    {2, "SIGINT"},
    {3, "SIGQUIT"},
    {4, "SIGILL"},
    {5, "SIGTRAP"},
    {6, "SIGABRT"},
    {7, "SIGBUS"},
    {8, "SIGFPE"},
    {9, "SIGKILL"},
    {10, "SIGUSR1"},
    {11, "SIGSEGV"},
    {12, "SIGUSR2"},
    {13, "SIGPIPE"},
    {14, "SIGALRM"},
    {15, "SIGTERM"},
    {24, "SIGXCPU"},
    {25, "SIGXFSZ"},
    {31, "SIGSYS"},
});

template <typename Table>
const char* NameIn(const Table& table, int number) {
  for (const auto& [known, name] : table) {
    if (known == number) return name;
  }
  return nullptr;
}

std::string ExitStatus(int status) {
  const char* name = NameIn(kExitNames, status);
  return name == nullptr ? fmt::format("status {}", status)
                         : fmt::format("status {}/{}", status, name);
}

std::string SignalName(int signal) {
  const char* name = NameIn(kSignalNames, signal);
  return name == nullptr ? fmt::format("signal {}", signal) : name;
}

bool IsUp(const UnitState& state) {
  return state.active_state == "active" || state.active_state == "reloading" ||
         state.active_state == "refreshing";
}

bool IsComingBack(const UnitState& state) {
  return state.active_state == "activating" && state.sub_state.starts_with("auto-restart");
}

bool HasNewInvocation(const UnitState& before, const UnitState& after) {
  return !after.invocation_id.empty() && after.invocation_id != before.invocation_id;
}

// "active/running".
std::string StateOf(const UnitState& state) {
  return fmt::format("{}/{}", state.active_state, state.sub_state);
}

// The journal's lines of that start: the unit's own and systemd's about it.
std::string WhereToLook(const UnitState& state) {
  if (state.invocation_id.empty()) return fmt::format("see `systemctl status {}`", state.unit);
  return fmt::format("see `journalctl _SYSTEMD_INVOCATION_ID={0} + INVOCATION_ID={0}`",
                     state.invocation_id);
}

// What a reader must know about the node if the restart took away what ran before.
std::string WhatWasLost(const UnitState& before, const UnitState& after) {
  if (!IsUp(before) || IsUp(after) || after.active_state == "activating") return "";
  return ", the instance that ran before is stopped";
}

std::string ReloadNote(const UnitState& state) {
  if (!state.need_daemon_reload) return "";
  return "; its unit file changed on disk and systemd has not read it (`systemctl daemon-reload`)";
}

Outcome Make(OutcomeState state, Reason reason, std::string sentence, const UnitState& before,
             const UnitState& after) {
  Outcome outcome{.state = state, .reason = reason, .detail = {}, .evidence = {}};
  outcome.detail = CutDetail(std::move(sentence) + ReloadNote(after));
  outcome.evidence.before = before;
  outcome.evidence.after = after;
  return outcome;
}

// "UNIT WHAT, the instance … is stopped; see …".
Outcome Fail(Reason reason, const std::string& what, const UnitState& before,
             const UnitState& after) {
  return Make(
      OutcomeState::kFailed, reason,
      fmt::format("{} {}{}; {}", after.unit, what, WhatWasLost(before, after), WhereToLook(after)),
      before, after);
}

// Result= of the unit, in words and as a reason.
std::pair<Reason, std::string> ResultOf(const UnitState& state) {
  const std::string& result = state.result;
  if (result == "exit-code") {
    return {Reason::kExitCode, fmt::format("exited with {}", ExitStatus(state.exec_main_status))};
  }
  if (result == "signal") {
    return {Reason::kSignal, fmt::format("was killed by {}", SignalName(state.exec_main_status))};
  }
  if (result == "core-dump") {
    return {Reason::kSignal,
            fmt::format("was killed by {} and dumped core", SignalName(state.exec_main_status))};
  }
  if (result == "timeout") {
    return {Reason::kStartTimeout, "did not become ready within its own TimeoutStartSec="};
  }
  if (result == "start-limit-hit") {
    return {Reason::kStartLimitHit, "was not started because its start limit is hit"};
  }
  if (result == "exec-condition") {
    return {Reason::kConditionNotMet, "was not started because its ExecCondition= said no"};
  }
  if (result == "success" || result.empty()) {
    return {Reason::kUnitResult, fmt::format("is {}", StateOf(state))};
  }
  return {Reason::kUnitResult, fmt::format("failed with systemd's result {}", result)};
}

Outcome FailByResult(const std::string& when, const UnitState& before, const UnitState& after) {
  auto [reason, what] = ResultOf(after);
  if (!when.empty()) what += " " + when;
  if (IsComingBack(after)) what += ", and systemd tries it again by itself";
  return Fail(reason, what, before, after);
}

// systemd restarted it by itself since, or is about to.
Outcome FailByRestarts(const UnitState& before, const UnitState& after) {
  const auto [reason, result] = ResultOf(after);
  const std::string last =
      IsUp(after) ? fmt::format("is {} for now", StateOf(after)) : fmt::format("it {}", result);
  const std::string next = IsComingBack(after) ? ", and systemd tries it again by itself" : "";
  return Fail(
      Reason::kCrashLoop,
      fmt::format("does not stay up: systemd has restarted it by itself (NRestarts {}), {}{}",
                  after.restarts, last, next),
      before, after);
}

// A unit whose file is gone, masked or broken proves nothing, whatever its processes do.
std::optional<Outcome> CheckLoaded(const UnitState& before, const UnitState& after) {
  const std::string& load = after.load_state;
  if (load == "not-found") {
    return Fail(Reason::kNoSuchUnit, fmt::format("has no unit file and is {}", StateOf(after)),
                before, after);
  }
  if (load == "masked") {
    return Fail(Reason::kUnitMasked, fmt::format("is masked and {}", StateOf(after)), before,
                after);
  }
  if (load != "loaded") {
    return Fail(Reason::kBadUnitSetting,
                fmt::format("has a unit file that systemd cannot use (LoadState {}) and is {}",
                            load, StateOf(after)),
                before, after);
  }
  return std::nullopt;
}

Outcome FailInactive(const UnitState& before, const UnitState& after) {
  if (after.result == "exec-condition") return FailByResult("", before, after);
  if (HasNewInvocation(before, after)) {
    return Fail(Reason::kNotActive, "was started and ended without an error, it is not active",
                before, after);
  }
  if (!after.condition_result) {
    return Fail(Reason::kConditionNotMet, "was not started because a Condition*= is not met",
                before, after);
  }
  return Fail(Reason::kNotActive, fmt::format("is {} after the restart", StateOf(after)), before,
              after);
}

// The job ended well, or nobody heard how: what is the unit now?
std::optional<Outcome> ClassifyDone(const UnitState& before, const UnitState& after) {
  if (auto outcome = CheckLoaded(before, after)) return outcome;
  if (IsComingBack(after) || after.restarts > 0) return FailByRestarts(before, after);
  // Somebody's next job has begun already; the end of the settle time will show what came of it.
  if (!IsUp(after) && after.job_id != 0) return std::nullopt;
  if (after.active_state == "inactive") return FailInactive(before, after);
  if (!HasNewInvocation(before, after)) {
    return Fail(Reason::kNotRestarted,
                fmt::format("was not started anew and is {}", StateOf(after)), before, after);
  }
  if (IsUp(after)) return std::nullopt;
  return FailByResult("right after its start", before, after);
}

Outcome ClassifyFailed(const UnitState& before, const UnitState& after) {
  if (auto outcome = CheckLoaded(before, after)) return *outcome;
  if (!HasNewInvocation(before, after) && !IsUp(after)) {
    return Fail(Reason::kStartLimitHit,
                "was not started because its start limit is hit (`systemctl reset-failed` clears "
                "it)",
                before, after);
  }
  // The job was the first try. That systemd will try again by itself does not change how it ended.
  if (IsComingBack(after)) return FailByResult("", before, after);
  if (after.restarts > 0) return FailByRestarts(before, after);
  if (IsUp(after)) {
    return Fail(Reason::kUnitResult,
                fmt::format("failed to start and is {} since, by another start", StateOf(after)),
                before, after);
  }
  return FailByResult("", before, after);
}

// systemd's words for a job that neither ended well nor failed, as "The restart of UNIT …".
std::pair<Reason, std::string> JobResultOf(const std::string& job_result) {
  if (job_result == "canceled") {
    return {Reason::kJobCancelled, "was taken away by another job or cancelled by somebody"};
  }
  if (job_result == "timeout")
    return {Reason::kJobTimeout, "exceeded the unit's own JobTimeoutSec="};
  if (job_result == "dependency")
    return {Reason::kDependencyFailed, "failed because a unit that it requires failed"};
  if (job_result == "assert")
    return {Reason::kAssertNotMet, "was not done because an Assert*= is not met"};
  return {Reason::kUnitResult, fmt::format("ended with systemd's job result {}", job_result)};
}

std::pair<Reason, std::string> CallErrorOf(const RestartAnswer& answer) {
  const std::string& name = answer.error_name;
  if (name == "org.freedesktop.systemd1.NoSuchUnit") {
    return {Reason::kNoSuchUnit, "does not exist on this node"};
  }
  if (name == "org.freedesktop.systemd1.UnitMasked") {
    return {Reason::kUnitMasked, "is masked on this node (`systemctl unmask` undoes that)"};
  }
  if (name == "org.freedesktop.systemd1.BadUnitSetting") {
    return {Reason::kBadUnitSetting,
            "has a unit file that systemd cannot use (`systemd-analyze verify` says why)"};
  }
  if (name == "org.freedesktop.systemd1.OnlyByDependency") {
    return {
        Reason::kManualStartRefused,
        "may only be started or stopped by a dependency (RefuseManualStart= or RefuseManualStop=)"};
  }
  return {Reason::kSystemdError,
          fmt::format("was not restarted: systemd answered {} ({})", name, answer.error_message)};
}

}  // namespace

bool IsEffectUnknown(const RestartAnswer& answer) {
  // NoReply is what libsystemd and dbus-daemon say for a deadline, a lost connection and a systemd that executes itself anew.
  return answer.error_name == "org.freedesktop.DBus.Error.NoReply" ||
         answer.error_name == "org.freedesktop.DBus.Error.Timeout" ||
         answer.error_name == "org.freedesktop.DBus.Error.TimedOut";
}

Outcome ClassifyCallError(const RestartAnswer& answer, const UnitState& before) {
  auto [reason, what] = CallErrorOf(answer);
  Outcome outcome =
      Make(OutcomeState::kFailed, reason, fmt::format("{} {}", before.unit, what), before, before);
  outcome.evidence.after.reset();
  outcome.evidence.error_name = answer.error_name;
  return outcome;
}

std::optional<Outcome> ClassifyAfterJob(const UnitState& before, const std::string& job_result,
                                        const UnitState& after) {
  std::optional<Outcome> outcome;
  if (job_result == "done" || job_result.empty()) {
    outcome = ClassifyDone(before, after);
  } else if (job_result == "failed") {
    outcome = ClassifyFailed(before, after);
  } else {
    const auto [reason, what] = JobResultOf(job_result);
    outcome = Make(OutcomeState::kFailed, reason,
                   fmt::format("the restart of {} {}, it is {} now{}; {}", after.unit, what,
                               StateOf(after), WhatWasLost(before, after), WhereToLook(after)),
                   before, after);
  }
  if (outcome.has_value()) outcome->evidence.job_result = job_result;
  return outcome;
}

std::optional<Outcome> ClassifySettled(const UnitState& before, const UnitState& first,
                                       const UnitState& now) {
  if (auto outcome = CheckLoaded(before, now)) return outcome;
  if (IsComingBack(now) || now.restarts > first.restarts) return FailByRestarts(before, now);
  // Starting or stopping with a job: somebody is restarting it now. Up under another InvocationID, or not up at `first`: somebody has.
  const bool was_up = IsUp(first) && now.invocation_id == first.invocation_id;
  if (IsUp(now) ? !was_up : now.job_id != 0) return std::nullopt;
  if (now.active_state == "inactive") {
    return Fail(Reason::kNotActive,
                fmt::format("was stopped by somebody, or ended without an error, {}", kInSettle),
                before, now);
  }
  if (IsUp(now) && HasNewInvocation(before, now)) {
    return Make(OutcomeState::kSucceeded, Reason::kNone,
                fmt::format("{} was restarted and is {} after the settle time, invocation {}",
                            now.unit, StateOf(now), now.invocation_id),
                before, now);
  }
  return FailByResult(kInSettle, before, now);
}

}  // namespace muster
