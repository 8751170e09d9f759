#include "common/outcome.h"

#include <array>
#include <utility>

#include "common/limits.h"
#include "common/utf8.h"

namespace muster {
namespace {

constexpr auto kReasons = std::to_array<std::pair<Reason, const char*>>({
    {Reason::kNone, ""},
    {Reason::kNoOrcaUnit, "NO_ORCA_UNIT"},
    {Reason::kRebooted, "REBOOTED"},
    {Reason::kStartedSince, "STARTED_SINCE"},
    {Reason::kNotAClient, "NOT_A_CLIENT"},
    {Reason::kNoSuchUnit, "NO_SUCH_UNIT"},
    {Reason::kUnitMasked, "UNIT_MASKED"},
    {Reason::kBadUnitSetting, "BAD_UNIT_SETTING"},
    {Reason::kManualStartRefused, "MANUAL_START_REFUSED"},
    {Reason::kSystemdError, "SYSTEMD_ERROR"},
    {Reason::kDependencyFailed, "DEPENDENCY_FAILED"},
    {Reason::kConditionNotMet, "CONDITION_NOT_MET"},
    {Reason::kAssertNotMet, "ASSERT_NOT_MET"},
    {Reason::kStartLimitHit, "START_LIMIT_HIT"},
    {Reason::kExitCode, "EXIT_CODE"},
    {Reason::kSignal, "SIGNAL"},
    {Reason::kStartTimeout, "START_TIMEOUT"},
    {Reason::kJobTimeout, "JOB_TIMEOUT"},
    {Reason::kJobCancelled, "JOB_CANCELLED"},
    {Reason::kUnitResult, "UNIT_RESULT"},
    {Reason::kNotActive, "NOT_ACTIVE"},
    {Reason::kNotRestarted, "NOT_RESTARTED"},
    {Reason::kCrashLoop, "CRASH_LOOP"},
    {Reason::kJobRunning, "JOB_RUNNING"},
    {Reason::kRestartedByOthers, "RESTARTED_BY_OTHERS"},
    {Reason::kNoAnswer, "NO_ANSWER"},
    {Reason::kSettling, "SETTLING"},
    {Reason::kPolicy, "POLICY"},
    {Reason::kUnitBusy, "UNIT_BUSY"},
    {Reason::kLedger, "LEDGER"},
    {Reason::kUnsupported, "UNSUPPORTED"},
    {Reason::kWrongIncarnation, "WRONG_INCARNATION"},
    {Reason::kMalformed, "MALFORMED"},
    {Reason::kAgentBusy, "AGENT_BUSY"},
    {Reason::kInterrupted, "INTERRUPTED"},
    {Reason::kNotAttached, "NOT_ATTACHED"},
    {Reason::kExpired, "EXPIRED"},
    {Reason::kNotHeld, "NOT_HELD"},
    {Reason::kNoReport, "NO_REPORT"},
    {Reason::kJobDeadline, "JOB_DEADLINE"},
    {Reason::kCancelled, "CANCELLED"},
    {Reason::kConflict, "CONFLICT"},
    {Reason::kUnknownOutcome, "UNKNOWN_OUTCOME"},
    {Reason::kMaxFailures, "MAX_FAILURES"},
    {Reason::kSubscribed, "SUBSCRIBED"},
    {Reason::kNotSubscribed, "NOT_SUBSCRIBED"},
    {Reason::kVanished, "VANISHED"},
    {Reason::kUnverified, "UNVERIFIED"},
    {Reason::kClean, "CLEAN"},
    {Reason::kContentMounted, "CONTENT_MOUNTED"},
    {Reason::kBusy, "BUSY"},
    {Reason::kHung, "HUNG"},
    {Reason::kRootOnCps, "ROOT_ON_CPS"},
    {Reason::kPartial, "PARTIAL"},
    {Reason::kNotRemountable, "NOT_REMOUNTABLE"},
    {Reason::kNotRecorded, "NOT_RECORDED"},
    {Reason::kTargetTaken, "TARGET_TAKEN"},
    {Reason::kDetached, "DETACHED"},
});

constexpr auto kStates = std::to_array<std::pair<OutcomeState, const char*>>({
    {OutcomeState::kUnspecified, "UNSPECIFIED"},
    {OutcomeState::kSucceeded, "SUCCEEDED"},
    {OutcomeState::kAlreadySatisfied, "ALREADY_SATISFIED"},
    {OutcomeState::kNotApplicable, "NOT_APPLICABLE"},
    {OutcomeState::kFailed, "FAILED"},
    {OutcomeState::kRefused, "REFUSED"},
    {OutcomeState::kTimedOut, "TIMED_OUT"},
    {OutcomeState::kCancelled, "CANCELLED"},
    {OutcomeState::kExpired, "EXPIRED"},
    {OutcomeState::kNotHeld, "NOT_HELD"},
});

template <typename Table, typename Enum>
std::string NameIn(const Table& table, Enum value, const char* unknown) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return unknown + std::to_string(static_cast<int>(value));
}

template <typename Enum, typename Table>
std::optional<Enum> FindIn(const Table& table, const std::string& name) {
  for (const auto& [value, known] : table) {
    if (name == known) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string CutDetail(std::string text) {
  if (!IsUtf8(text)) text = ToUtf8(text);
  size_t size = limits::kMaxDetailBytes;
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
  return text;
}

std::string Name(Reason reason) { return NameIn(kReasons, reason, "REASON_"); }
std::string Name(OutcomeState state) { return NameIn(kStates, state, "STATE_"); }
std::optional<Reason> ReasonFromName(const std::string& name) {
  return FindIn<Reason>(kReasons, name);
}
std::optional<OutcomeState> OutcomeStateFromName(const std::string& name) {
  return FindIn<OutcomeState>(kStates, name);
}

}  // namespace muster
