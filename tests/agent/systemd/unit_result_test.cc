// Each row of what systemd was seen to answer to RestartUnit, and what Muster makes of it. "A" is the invocation before, "B" the
// one that our restart made, "C" a later one.
#include "agent/systemd/unit_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/limits.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kUnit[] = "cray-orca.service";

UnitState Unit(const std::string& active, const std::string& sub, const std::string& invocation) {
  UnitState state;
  state.unit = kUnit;
  state.load_state = "loaded";
  state.active_state = active;
  state.sub_state = sub;
  state.result = "success";
  state.invocation_id = invocation;
  state.condition_result = true;
  return state;
}

UnitState Running(const std::string& invocation) { return Unit("active", "running", invocation); }
UnitState Dead(const std::string& invocation) { return Unit("inactive", "dead", invocation); }

UnitState Failed(const std::string& invocation, const std::string& result, int code = 0,
                 int status = 0) {
  UnitState state = Unit("failed", "failed", invocation);
  state.result = result;
  state.exec_main_code = code;
  state.exec_main_status = status;
  return state;
}

UnitState ComingBack(const std::string& invocation, uint32_t restarts) {
  UnitState state = Failed(invocation, "exit-code", 1, 1);
  state.active_state = "activating";
  state.sub_state = "auto-restart";
  state.restarts = restarts;
  return state;
}

UnitState With(UnitState state, uint32_t restarts) {
  state.restarts = restarts;
  return state;
}

UnitState Loaded(UnitState state, const std::string& load_state) {
  state.load_state = load_state;
  return state;
}

UnitState Unmet(UnitState state) {
  state.condition_result = false;
  return state;
}

UnitState Queued(UnitState state, uint32_t job_id) {
  state.job_id = job_id;
  return state;
}

TEST(CallError, HasItsOwnReasonForEachErrorOfSystemd) {
  const std::vector<std::pair<std::string, Reason>> rows = {
      {"org.freedesktop.systemd1.NoSuchUnit", Reason::kNoSuchUnit},
      {"org.freedesktop.systemd1.UnitMasked", Reason::kUnitMasked},
      {"org.freedesktop.systemd1.BadUnitSetting", Reason::kBadUnitSetting},
      {"org.freedesktop.systemd1.OnlyByDependency", Reason::kManualStartRefused},
      {"org.freedesktop.systemd1.TransactionIsDestructive", Reason::kSystemdError},
      {"org.freedesktop.DBus.Error.InvalidArgs", Reason::kSystemdError},
      {"org.freedesktop.DBus.Error.AccessDenied", Reason::kSystemdError},
  };
  for (const auto& [name, reason] : rows) {
    const RestartAnswer answer{.job_id = 0, .error_name = name, .error_message = "said so"};
    ASSERT_FALSE(IsEffectUnknown(answer)) << name;
    const Outcome outcome = ClassifyCallError(answer, Running("A"));
    EXPECT_EQ(outcome.state, OutcomeState::kFailed) << name;
    EXPECT_EQ(Name(outcome.reason), Name(reason)) << name;
    EXPECT_EQ(outcome.evidence.error_name, name);
    EXPECT_EQ(outcome.evidence.before, Running("A"));
    EXPECT_EQ(outcome.evidence.after, std::nullopt) << "nobody looked again";
    EXPECT_THAT(outcome.detail, HasSubstr(kUnit));
  }
}

TEST(CallError, NamesAnErrorThatHasNoReasonOfItsOwn) {
  const Outcome outcome = ClassifyCallError(
      {.job_id = 0, .error_name = "org.example.Odd", .error_message = "very odd"}, Running("A"));
  EXPECT_THAT(outcome.detail, HasSubstr("org.example.Odd (very odd)"));
}

TEST(CallError, NothingIsConcludedFromAnAnswerThatNeverCame) {
  EXPECT_TRUE(IsEffectUnknown({.job_id = 0,
                               .error_name = "org.freedesktop.DBus.Error.NoReply",
                               .error_message = "Connection terminated"}));
  EXPECT_FALSE(IsEffectUnknown({.job_id = 37, .error_name = "", .error_message = ""}));
}

struct Row {
  const char* story;
  UnitState before;
  std::string job_result;
  UnitState after;
  Reason reason;
  const char* says;
};

const std::vector<Row>& FailingRows() {
  static const std::vector<Row> rows = {
      {"Type=simple, binary missing", Running("A"), "done", Failed("B", "exit-code", 1, 203),
       Reason::kExitCode, "exited with status 203/EXEC"},
      {"Type=exec or notify, binary missing", Running("A"), "failed",
       Failed("B", "exit-code", 1, 203), Reason::kExitCode, "exited with status 203/EXEC"},
      {"exit 3 before READY", Dead(""), "failed", Failed("B", "exit-code", 1, 3), Reason::kExitCode,
       "exited with status 3;"},
      {"subscription refused, the old instance is gone", Running("A"), "failed",
       Failed("B", "exit-code", 1, 1), Reason::kExitCode,
       "the instance that ran before is stopped"},
      {"the same with Restart=on-failure", Running("A"), "failed", ComingBack("B", 0),
       Reason::kExitCode, "systemd tries it again by itself"},
      {"the same, looked at after two tries", Running("A"), "failed", ComingBack("B", 2),
       Reason::kExitCode, "systemd tries it again by itself"},
      {"the same, in the middle of the second try", Running("A"), "failed",
       With(Unit("activating", "start", "C"), 1), Reason::kCrashLoop, "NRestarts 1"},
      {"failed to start, and up since by systemd's second try", Running("A"), "failed",
       With(Running("C"), 1), Reason::kCrashLoop, "active/running for now"},
      {"failed to start, and up since by another start", Running("A"), "failed", Running("C"),
       Reason::kUnitResult, "by another start"},
      {"SIGSEGV on start", Running("A"), "failed", Failed("B", "signal", 2, 11), Reason::kSignal,
       "SIGSEGV"},
      {"core dump", Running("A"), "failed", Failed("B", "core-dump", 3, 6), Reason::kSignal,
       "SIGABRT and dumped core"},
      {"a real-time signal", Running("A"), "failed", Failed("B", "signal", 2, 40), Reason::kSignal,
       "signal 40"},
      {"never READY, TimeoutStartSec=2", Running("A"), "failed", Failed("B", "timeout", 1, 0),
       Reason::kStartTimeout, "TimeoutStartSec="},
      {"never READY, JobTimeoutSec=2", Running("A"), "timeout", Unit("activating", "start", "B"),
       Reason::kJobTimeout, "activating/start now"},
      {"start limit, was running", Running("A"), "failed", Failed("A", "start-limit-hit", 1, 0),
       Reason::kStartLimitHit, "the instance that ran before is stopped"},
      {"start limit, was failed", Failed("A", "exit-code", 1, 3), "failed",
       Failed("A", "exit-code", 1, 3), Reason::kStartLimitHit, "start limit"},
      {"start limit hit by systemd's own tries", Running("A"), "failed",
       Failed("B", "start-limit-hit"), Reason::kStartLimitHit, "start limit"},
      {"Requires= fails", Running("A"), "dependency", Dead("A"), Reason::kDependencyFailed,
       "a unit that it requires failed"},
      {"Condition*= not met", Dead(""), "done", Unmet(Dead("")), Reason::kConditionNotMet,
       "Condition*="},
      {"Condition*= not met, was running", Running("A"), "done", Unmet(Dead("A")),
       Reason::kConditionNotMet, "the instance that ran before is stopped"},
      {"ExecCondition= fails", Running("A"), "done",
       [] {
         UnitState state = Dead("B");
         state.result = "exec-condition";
         return state;
       }(),
       Reason::kConditionNotMet, "ExecCondition="},
      {"Assert*= not met", Running("A"), "assert", Dead("A"), Reason::kAssertNotMet, "Assert*="},
      {"Type=oneshot", Dead("A"), "done", Dead("B"), Reason::kNotActive, "ended without an error"},
      {"stopped by a job of its own", Running("A"), "done", Dead("A"), Reason::kNotActive,
       "inactive/dead"},
      {"somebody's stop took ours away", Running("A"), "canceled", Dead("A"), Reason::kJobCancelled,
       "inactive/dead now"},
      {"done and nothing happened", Running("A"), "done", Running("A"), Reason::kNotRestarted,
       "not started anew"},
      {"done without any invocation", Running("A"), "done", Running(""), Reason::kNotRestarted,
       "not started anew"},
      {"done, crashed and restarted by systemd", Running("A"), "done", With(Running("C"), 1),
       Reason::kCrashLoop, "NRestarts 1"},
      {"done, crashed and about to be restarted", Running("A"), "done", ComingBack("B", 0),
       Reason::kCrashLoop, "exited with status 1"},
      {"done, masked since", Running("A"), "done", Loaded(Running("B"), "masked"),
       Reason::kUnitMasked, "masked"},
      {"done, unit file removed since", Running("A"), "done", Loaded(Running("B"), "not-found"),
       Reason::kNoSuchUnit, "no unit file"},
      {"done, unit file broken since", Running("A"), "done", Loaded(Running("B"), "bad-setting"),
       Reason::kBadUnitSetting, "bad-setting"},
      {"watchdog", Running("A"), "failed", Failed("B", "watchdog", 2, 6), Reason::kUnitResult,
       "systemd's result watchdog"},
      {"a job result of a newer systemd", Running("A"), "frozen", Running("A"), Reason::kUnitResult,
       "job result frozen"},
  };
  return rows;
}

TEST(AfterJob, EachWayToFailHasItsName) {
  for (const Row& row : FailingRows()) {
    const auto outcome = ClassifyAfterJob(row.before, row.job_result, row.after);
    ASSERT_TRUE(outcome.has_value()) << row.story;
    EXPECT_EQ(outcome->state, OutcomeState::kFailed) << row.story;
    EXPECT_EQ(Name(outcome->reason), Name(row.reason)) << row.story;
    EXPECT_THAT(outcome->detail, HasSubstr(row.says)) << row.story;
    EXPECT_THAT(outcome->detail, HasSubstr(kUnit)) << row.story;
    EXPECT_THAT(outcome->detail, HasSubstr("; see `")) << row.story;
    EXPECT_EQ(outcome->evidence.before, row.before) << row.story;
    EXPECT_EQ(outcome->evidence.after, row.after) << row.story;
    EXPECT_EQ(outcome->evidence.job_result, row.job_result) << row.story;
  }
}

TEST(AfterJob, AnActiveUnitUnderANewInvocationHasToSettle) {
  EXPECT_EQ(ClassifyAfterJob(Running("A"), "done", Running("B")), std::nullopt);
  EXPECT_EQ(ClassifyAfterJob(Dead(""), "done", Running("B")), std::nullopt);
  EXPECT_EQ(ClassifyAfterJob(Failed("A", "exit-code", 1, 7), "done", Running("B")), std::nullopt);
  EXPECT_EQ(ClassifyAfterJob(Running("A"), "done", Unit("reloading", "reload", "B")), std::nullopt)
      << "a unit that reloads is up";
}

TEST(AfterJob, SomebodysNextJobIsLeftToTheSettleTime) {
  const UnitState stopping = Queued(Unit("deactivating", "stop-sigterm", "B"), 41);
  EXPECT_EQ(ClassifyAfterJob(Running("A"), "done", stopping), std::nullopt);
}

TEST(AfterJob, TheUnitDecidesWhenNobodyHeardHowTheJobEnded) {
  EXPECT_EQ(ClassifyAfterJob(Running("A"), "", Running("B")), std::nullopt);
  EXPECT_EQ(ClassifyAfterJob(Running("A"), "", Failed("B", "exit-code", 1, 3))->reason,
            Reason::kExitCode);
  EXPECT_EQ(ClassifyAfterJob(Running("A"), "", Running("A"))->reason, Reason::kNotRestarted);
  EXPECT_EQ(
      ClassifyAfterJob(Failed("A", "exit-code", 1, 3), "", Failed("A", "exit-code", 1, 3))->reason,
      Reason::kNotRestarted);
}

TEST(AfterJob, TheSentenceLeadsToTheJournalOfThatStart) {
  const auto outcome = ClassifyAfterJob(Running("A"), "failed", Failed("B", "exit-code", 1, 3));
  EXPECT_THAT(outcome->detail,
              HasSubstr("`journalctl _SYSTEMD_INVOCATION_ID=B + INVOCATION_ID=B`"));
  const auto never = ClassifyAfterJob(Dead(""), "dependency", Dead(""));
  EXPECT_THAT(never->detail, HasSubstr("`systemctl status cray-orca.service`"));
}

TEST(Settled, AUnitThatStayedUpHasSucceeded) {
  const auto outcome = ClassifySettled(Running("A"), Running("B"), Running("B"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->state, OutcomeState::kSucceeded);
  EXPECT_EQ(outcome->reason, Reason::kNone);
  EXPECT_THAT(outcome->detail, HasSubstr("invocation B"));
  EXPECT_EQ(outcome->evidence.before, Running("A"));
  EXPECT_EQ(outcome->evidence.after, Running("B"));
}

TEST(Settled, ASucceedingUnitWithChangedFilesSaysSo) {
  UnitState now = Running("B");
  now.need_daemon_reload = true;
  const auto outcome = ClassifySettled(Running("A"), Running("B"), now);
  EXPECT_EQ(outcome->state, OutcomeState::kSucceeded);
  EXPECT_THAT(outcome->detail, HasSubstr("daemon-reload"));
  EXPECT_THAT(ClassifySettled(Running("A"), Running("B"), Running("B"))->detail,
              Not(HasSubstr("daemon-reload")));
}

TEST(Settled, EachWayToFailHasItsName) {
  struct SettleRow {
    const char* story;
    UnitState now;
    Reason reason;
    const char* says;
  };
  const std::vector<SettleRow> rows = {
      {"Type=simple, exits 7 after 1 s", Failed("B", "exit-code", 1, 7), Reason::kExitCode,
       "exited with status 7 within the settle time, the instance that ran before is stopped"},
      {"killed", Failed("B", "signal", 2, 9), Reason::kSignal, "SIGKILL within the settle time"},
      {"crash loop, up again", With(Running("C"), 2), Reason::kCrashLoop, "NRestarts 2"},
      {"crash loop, waiting for the next try", ComingBack("B", 0), Reason::kCrashLoop,
       "tries it again by itself"},
      {"crash loop until the start limit", With(Failed("C", "start-limit-hit"), 4),
       Reason::kCrashLoop, "start limit"},
      {"stopped by somebody", Dead("B"), Reason::kNotActive, "stopped by somebody"},
      {"ending by itself", Unit("deactivating", "stop-post", "B"), Reason::kUnitResult,
       "deactivating/stop-post within the settle time"},
      {"masked", Loaded(Running("B"), "masked"), Reason::kUnitMasked, "masked"},
  };
  for (const SettleRow& row : rows) {
    const auto outcome = ClassifySettled(Running("A"), Running("B"), row.now);
    ASSERT_TRUE(outcome.has_value()) << row.story;
    EXPECT_EQ(outcome->state, OutcomeState::kFailed) << row.story;
    EXPECT_EQ(Name(outcome->reason), Name(row.reason)) << row.story;
    EXPECT_THAT(outcome->detail, HasSubstr(row.says)) << row.story;
    EXPECT_EQ(outcome->evidence.after, row.now) << row.story;
  }
}

TEST(Settled, BeginsAgainWhenSomebodyElseRestartedTheUnit) {
  EXPECT_EQ(ClassifySettled(Running("A"), Running("B"), Running("C")), std::nullopt);
  EXPECT_EQ(ClassifySettled(Running("A"), Running("B"),
                            Queued(Unit("deactivating", "stop-sigterm", "B"), 41)),
            std::nullopt);
  EXPECT_EQ(ClassifySettled(Running("A"), Running("B"), Queued(Dead("B"), 41)), std::nullopt);
  EXPECT_EQ(ClassifySettled(Running("A"), Running("C"), Running("C"))->state,
            OutcomeState::kSucceeded)
      << "and then it settled";
}

TEST(Sentence, IsCutToItsLimitWithoutBreakingACharacter) {
  std::string message;
  while (message.size() <= limits::kMaxDetailBytes) message += "\xc3\xa9";  // é
  const Outcome outcome = ClassifyCallError(
      {.job_id = 0, .error_name = "org.example.Odd", .error_message = message}, Running("A"));
  ASSERT_LE(outcome.detail.size(), limits::kMaxDetailBytes);
  ASSERT_GE(outcome.detail.size(), limits::kMaxDetailBytes - 1);
  EXPECT_EQ(outcome.detail.substr(outcome.detail.size() - 2), "\xc3\xa9");
}

}  // namespace
}  // namespace muster
