// How an attempt ended, with evidence, as plain data. Enumerators have the numbers of proto/muster/v1/command.proto, where each
// is explained; a test holds the two together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/boxed.h"
#include "common/content.h"
#include "common/time.h"

namespace muster {

enum class OutcomeState : int {
  kUnspecified = 0,
  kSucceeded = 1,
  kAlreadySatisfied = 2,
  kNotApplicable = 3,
  kFailed = 4,
  kRefused = 5,
  kTimedOut = 6,
  kCancelled = 7,
  kExpired = 8,
  kNotHeld = 9,
};

enum class Reason : int {
  kNone = 0,
  kNoOrcaUnit = 1,
  kRebooted = 2,
  kStartedSince = 3,
  kNotAClient = 4,
  kNoSuchUnit = 10,
  kUnitMasked = 11,
  kBadUnitSetting = 12,
  kManualStartRefused = 13,
  kSystemdError = 14,
  kDependencyFailed = 20,
  kConditionNotMet = 21,
  kAssertNotMet = 22,
  kStartLimitHit = 23,
  kExitCode = 24,
  kSignal = 25,
  kStartTimeout = 26,
  kJobTimeout = 27,
  kJobCancelled = 28,
  kUnitResult = 29,
  kNotActive = 30,
  kNotRestarted = 31,
  kCrashLoop = 32,
  kJobRunning = 40,
  kRestartedByOthers = 41,
  kNoAnswer = 42,
  kSettling = 43,
  kPolicy = 50,
  kUnitBusy = 51,
  kLedger = 52,
  kUnsupported = 53,
  kWrongIncarnation = 54,
  kMalformed = 55,
  kAgentBusy = 56,
  kInterrupted = 60,
  kNotAttached = 70,
  kExpired = 71,
  kNotHeld = 72,
  kNoReport = 73,
  kJobDeadline = 74,
  kCancelled = 75,
  kConflict = 76,
  kUnknownOutcome = 77,
  kMaxFailures = 78,
  kSubscribed = 80,
  kNotSubscribed = 81,
  kVanished = 82,
  kUnverified = 83,
  kClean = 90,
  kContentMounted = 91,
  kBusy = 92,
  kHung = 93,
  kRootOnCps = 94,
  kPartial = 95,
  kNotRemountable = 96,
  kNotRecorded = 97,
  kTargetTaken = 98,
  kDetached = 99,
};

// "NO_SUCH_UNIT"; empty for kNone; "REASON_123" for a number this version does not know.
std::string Name(Reason reason);
// "SUCCEEDED".
std::string Name(OutcomeState state);
// The enumerator of that name, or nothing. For the agent's ledger.
std::optional<Reason> ReasonFromName(const std::string& name);
std::optional<OutcomeState> OutcomeStateFromName(const std::string& name);

// What a unit looked like; field names as in org.freedesktop.systemd1(5).
struct UnitState {
  std::string unit;
  std::string load_state;
  std::string active_state;
  std::string sub_state;
  std::string result;
  std::string invocation_id;  // 32 hex digits; empty if it was never started
  int exec_main_code = 0;     // CLD_ code of waitid(2)
  int exec_main_status = 0;
  uint32_t restarts = 0;  // NRestarts
  uint32_t job_id = 0;    // 0: no job is queued
  bool need_daemon_reload = false;
  std::optional<Duration> active_age;  // since it became active; nothing if it is not
  bool condition_result = false;
  bool operator==(const UnitState&) const = default;
};

struct Evidence {
  Boxed<UnitState> before;
  Boxed<UnitState> after;
  std::string job_result;  // done, failed, canceled …
  std::string error_name;  // of a D-Bus error
  uint32_t foreign_restarts = 0;
  Boxed<UnitState> spire;
  Duration duration{};
  bool recovered = false;
  Boxed<ContentRecord> content;
  bool operator==(const Evidence&) const = default;
};

struct Outcome {
  OutcomeState state = OutcomeState::kUnspecified;
  Reason reason = Reason::kNone;
  std::string detail;  // one sentence, at most limits::kMaxDetailBytes
  Evidence evidence;
  bool operator==(const Outcome&) const = default;
};

// `text` as a detail: cut at limits::kMaxDetailBytes, never within a character, and with '?' for what is not UTF-8, for that cannot be
// read from the wire. Names of processes and paths are anybody's.
std::string CutDetail(std::string text);

}  // namespace muster
