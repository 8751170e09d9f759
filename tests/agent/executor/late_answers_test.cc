// Attempts whose answers come late, never, or when nobody waits for them any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/agent/executor/executor_fixture.h"

namespace muster {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Another job has the unit when ours has ended, and there is no settle time in which to wait for it.
TEST_F(ExecutorTest, WithoutASettleTimeSomebodyElsesJobIsWaitedFor) {
  Receive(CommandOf(Key(), RestartUnit{"", 0s}));
  UnitState stopping = Active("new");
  stopping.active_state = "deactivating";
  stopping.job_id = 99;
  FinishJob("done", stopping);
  EXPECT_THAT(reports_, IsEmpty());
  units_[kOrca] = Active("theirs");
  Pass(2s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
  EXPECT_EQ(reports_[0].evidence.foreign_restarts, 1u);
}

// Found by the simulation: the settle time began with the look at an instance that was still starting.
TEST_F(ExecutorTest, AnInstanceThatIsStartingHasNotBegunToSettle) {
  Receive(CommandOf(Key(), RestartUnit{"", 5s}));
  FinishJob("done", Active("new"));
  units_[kOrca] = Active("theirs");
  units_[kOrca].active_state = "activating";
  units_[kOrca].job_id = 99;
  Pass(5s);
  units_[kOrca] = Active("theirs");
  Pass(2s);
  Pass(3s);
  EXPECT_THAT(reports_, IsEmpty());
  Pass(2s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
  EXPECT_EQ(reports_[0].evidence.foreign_restarts, 1u);
}

TEST_F(ExecutorTest, AWatchThatIsNotAnsweredIsTakenBack) {
  systemd_is_silent_ = true;
  Receive(CommandOf(Key("cancelled"), RestartUnit{kOrca, 0s}));
  EXPECT_EQ(watches_[kOrca], 1);
  Step(CancelReceived{Key("cancelled"), std::nullopt});
  EXPECT_EQ(watches_[kOrca], 0);
  Receive(CommandOf(Key("timed out"), RestartUnit{"a.service", 0s}));
  Pass(300s);
  EXPECT_EQ(watches_["a.service"], 0);
}

TEST_F(ExecutorTest, ALateAnswerAboutTheUnitIsNotSpires) {
  systemd_is_silent_ = true;
  Receive(CommandOf());
  Step(CancelReceived{Key(), std::nullopt});
  AnswerLate();
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kCancelled);
  EXPECT_FALSE(reports_[0].evidence.spire) << reports_[0].evidence.spire->unit;
}

// The process was held up, and the answer is read before the timer.
TEST_F(ExecutorTest, NothingIsBegunAfterTheDeadline) {
  systemd_is_silent_ = true;
  Receive(CommandOf());
  now_ += 301s;
  AnswerLate();
  EXPECT_THAT(calls_, IsEmpty());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kTimedOut);
  EXPECT_EQ(reports_[0].reason, Reason::kNoAnswer);
  EXPECT_THAT(reports_[0].detail, HasSubstr("restart cray-orca.service"));
}

// The start limit: ended under the old InvocationID, which without the job's result looks as if it had not been tried.
TEST_F(ExecutorTest, AJobWhoseEndWasHeardIsNeverRepeated) {
  Receive(CommandOf());
  systemd_answers_ = false;
  UnitState failed = Active("old");
  failed.active_state = failed.sub_state = "failed";
  failed.result = "start-limit-hit";
  FinishJob("failed", failed);
  systemd_answers_ = true;
  Pass(2s);
  EXPECT_THAT(calls_, SizeIs(1));
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kStartLimitHit);
  EXPECT_EQ(reports_[0].evidence.job_result, "failed");
}

TEST_F(ExecutorTest, AJobWhoseEndWasMissedIsNotSaidToRun) {
  Receive(CommandOf());
  units_[kOrca] = Active("new");  // and JobRemoved never comes
  Pass(300s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kTimedOut);
  EXPECT_EQ(reports_[0].reason, Reason::kSettling);
}

// The controller gives a report 15 s after the deadline (engine.h), systemd's own answers may take 25 s each.
TEST_F(ExecutorTest, ASilentSystemdDoesNotKeepAnOutcomeBack) {
  struct Case {
    const char* when;
    std::function<void()> begin;
  };
  const std::vector<Case> cases = {
      {"before the call", [] {}},
      {"after the job", [this] { FinishJob("done", Active("new")); }},
      {"in the settle time",
       [this] {
         systemd_is_silent_ = false;
         FinishJob("done", Active("new"));
         systemd_is_silent_ = true;
       }},
      {"in the job", [] {}},
      {"when the bus is back", [this] { Step(WatchRestored{kOrca}); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.when);
    reports_.clear();
    unanswered_.clear();
    units_[kOrca] = Active("old");
    const AttemptKey key = Key(std::to_string(&c - cases.data()));
    systemd_is_silent_ = &c == cases.data();
    Receive(CommandOf(key));
    systemd_is_silent_ = true;
    c.begin();
    const Time deadline = now_ + 300s;
    for (int turn = 0; turn < 20 && reports_.empty() && executor_->NextDeadline(); ++turn) {
      now_ = *executor_->NextDeadline();
      Step(DeadlinePassed{});
    }
    ASSERT_THAT(reports_, SizeIs(1));
    EXPECT_EQ(reports_[0].state, OutcomeState::kTimedOut);
    EXPECT_LT(now_, deadline + 15s);
    EXPECT_EQ(watches_[kOrca], 0);
  }
}

// BOOTTIME of another boot says nothing about now.
TEST_F(ExecutorTest, AfterARebootADeadlineOfTheOldBootIsNoDeadline) {
  dies_at_call_ = true;
  now_ = Time(24h * 100);
  Receive(CommandOf());
  now_ = Time(1min);
  systemd_answers_ = false;
  Crash("boot-2");
  for (int i = 0; i < 100 && reports_.empty(); ++i) Pass(2s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kTimedOut);
  EXPECT_EQ(reports_[0].reason, Reason::kNoAnswer);
}

// An outcome was not written, another attempt followed, and then the agent died: both are looked at.
TEST_F(ExecutorTest, AnAttemptThatEndsLeavesTheWatchOfAnother) {
  LedgerEntry first{{Key("first"), kOrca, "boot-1", "older", 5s, 0}, std::nullopt};
  LedgerEntry second{{Key("second"), kOrca, "boot-1", "old", 5s,
                      static_cast<uint64_t>((now_ + 300s).time_since_epoch().count())},
                     std::nullopt};
  units_[kOrca].active_age = 1h;
  units_[kOrca].job_id = 7;
  Boot({first, second});
  Pass(1s);
  ASSERT_THAT(reports_, Not(IsEmpty()));
  EXPECT_EQ(watches_[kOrca], 2) << "watching twice is watching once: one Unwatch ends both";
}

}  // namespace
}  // namespace muster
