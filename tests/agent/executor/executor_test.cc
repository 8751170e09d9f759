#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/limits.h"
#include "tests/agent/executor/executor_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(ExecutorTest, ARestartSucceedsWhenItHasSettled) {
  Receive(CommandOf());
  ASSERT_THAT(calls_, SizeIs(1));
  EXPECT_EQ(calls_[0].unit, kOrca);
  EXPECT_EQ(ledger_[Key()].intent.invocation_before, "old");
  FinishJob("done", Active("new"));
  EXPECT_THAT(reports_, IsEmpty()) << "not before the settle time";
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
  EXPECT_EQ(reports_[0].evidence.before->invocation_id, "old");
  EXPECT_EQ(reports_[0].evidence.after->invocation_id, "new");
  EXPECT_EQ(reports_[0].evidence.duration, 5s);
  EXPECT_TRUE(ledger_[Key()].outcome) << "kept until it is settled";
  EXPECT_EQ(watches_[kOrca], 0);
  Step(SettledReceived{Key()});
  EXPECT_THAT(ledger_, IsEmpty());
  EXPECT_THAT(executor_->Held(), IsEmpty());
}

TEST_F(ExecutorTest, SpireGoesAlongAsEvidence) {
  units_["spire-agent.service"] = Active("spire");
  Receive(CommandOf());
  FinishJob("done", Active("new"));
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  ASSERT_TRUE(reports_[0].evidence.spire);
  EXPECT_EQ(reports_[0].evidence.spire->invocation_id, "spire");
}

TEST_F(ExecutorTest, OrcaHasAnOlderName) {
  units_[kDvsOrca] = units_[kOrca];
  units_.erase(kOrca);
  Receive(CommandOf());
  ASSERT_THAT(calls_, SizeIs(1));
  EXPECT_EQ(calls_[0].unit, kDvsOrca);
}

TEST_F(ExecutorTest, ANodeWithoutOrcaIsNotApplicable) {
  units_.erase(kOrca);
  Receive(CommandOf());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kNotApplicable);
  EXPECT_EQ(reports_[0].reason, Reason::kNoOrcaUnit);
  EXPECT_THAT(ledger_, IsEmpty());
  EXPECT_THAT(executor_->Held(), ElementsAre(Key())) << "its report may get lost";
}

TEST_F(ExecutorTest, ARepeatedCommandHasOneEffect) {
  Receive(CommandOf());
  Receive(CommandOf());
  EXPECT_THAT(calls_, SizeIs(1));
  FinishJob("done", Active("new"));
  Pass(5s);
  Receive(CommandOf());
  EXPECT_THAT(calls_, SizeIs(1));
  EXPECT_THAT(reports_, SizeIs(2)) << "the second is the answer from the ledger";
  EXPECT_EQ(reports_[0], reports_[1]);
}

TEST_F(ExecutorTest, ATombstoneAnswersToo) {
  const Outcome outcome{OutcomeState::kSucceeded, Reason::kNone, "long ago", {}};
  Step(CommandReceived{CommandOf(), 0s, outcome});
  EXPECT_THAT(calls_, IsEmpty());
  EXPECT_THAT(reports_, ElementsAre(outcome));
}

TEST_F(ExecutorTest, OutcomesAreReportedAgainAfterEachWelcome) {
  Receive(CommandOf());
  FinishJob("failed", [] {
    UnitState state = Active("new");
    state.active_state = state.sub_state = "failed";
    state.result = "exit-code";
    state.exec_main_code = 1;
    state.exec_main_status = 3;
    return state;
  }());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kExitCode);
  Step(Welcomed{});
  EXPECT_THAT(reports_, SizeIs(2));
}

TEST_F(ExecutorTest, AfterTwoSecondsItReportsThatItRuns) {
  Receive(CommandOf());
  EXPECT_EQ(executor_->NextDeadline(), now_ + 2s);
  Pass(2s);
  EXPECT_EQ(running_reports_, 1);
  Step(Welcomed{});
  EXPECT_EQ(running_reports_, 2) << "a new stream must know it too";
}

TEST_F(ExecutorTest, RefusalsTouchNothing) {
  struct Case {
    std::string what;
    Command command;
    Duration waited;
    OutcomeState state;
    Reason reason;
  };
  std::vector<Case> cases;
  cases.push_back({"another unit", CommandOf(Key("a"), RestartUnit{"sshd.service", 0s}), 0s,
                   OutcomeState::kRefused, Reason::kPolicy});
  cases.push_back(
      {"another life", CommandOf(Key("b")), 0s, OutcomeState::kRefused, Reason::kWrongIncarnation});
  cases.back().command.incarnation = "life-0";
  cases.push_back({"unknown work", CommandOf(Key("c"), UnknownWork{}), 0s, OutcomeState::kRefused,
                   Reason::kUnsupported});
  cases.push_back({"too late", CommandOf(Key("d")), 31s, OutcomeState::kExpired, Reason::kExpired});
  cases.push_back({"a key that is no file name", CommandOf({"jobs/ä/tasks/x1", 1}), 0s,
                   OutcomeState::kRefused, Reason::kMalformed});
  cases.push_back(
      {"attempt 0", CommandOf(Key("e", 0)), 0s, OutcomeState::kRefused, Reason::kMalformed});
  for (const Case& c : cases) {
    reports_.clear();
    Receive(c.command, c.waited);
    ASSERT_THAT(reports_, SizeIs(1)) << c.what;
    EXPECT_EQ(reports_[0].state, c.state) << c.what;
    EXPECT_EQ(reports_[0].reason, c.reason) << c.what;
  }
  EXPECT_THAT(calls_, IsEmpty());
  EXPECT_THAT(ledger_, IsEmpty());
}

// SIGHUP: what has begun goes on, what comes from now on is judged anew.
TEST_F(ExecutorTest, ThePolicyMayBeAnotherOne) {
  Receive(CommandOf());
  ASSERT_EQ(executor_->running_count(), 1u);
  executor_->SetPolicy({"b.service"}, {});
  EXPECT_EQ(executor_->running_count(), 1u);
  Receive(CommandOf(Key("later")));
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kPolicy);
  Receive(CommandOf(Key("last"), RestartUnit{"b.service", 0s}));
  EXPECT_EQ(executor_->running_count(), 2u);
}

TEST_F(ExecutorTest, APolicyWithoutOrcaRefusesOrca) {
  executor_ = std::make_unique<Executor>(ExecutorConfig{"x1", "life-1", "boot-1", {"a.service"}},
                                         std::vector<LedgerEntry>());
  Receive(CommandOf());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kPolicy);
  EXPECT_EQ(watches_[kOrca], 0);
}

TEST_F(ExecutorTest, TwoAttemptsOnOneUnitNeverRunAtOnce) {
  Receive(CommandOf(Key("j")));
  Receive(CommandOf(Key("k")));
  EXPECT_THAT(calls_, SizeIs(1));
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kUnitBusy);
  EXPECT_EQ(watches_[kOrca], 1) << "the first one's watch stays";
}

TEST_F(ExecutorTest, AUnitWithAQueuedJobIsBusy) {
  units_[kOrca].job_id = 77;
  Receive(CommandOf());
  EXPECT_THAT(calls_, IsEmpty());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kUnitBusy);
  EXPECT_EQ(watches_[kOrca], 0);
}

TEST_F(ExecutorTest, WithoutALedgerNothingIsDone) {
  ledger_works_ = false;
  Receive(CommandOf());
  EXPECT_THAT(calls_, IsEmpty());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kRefused);
  EXPECT_EQ(reports_[0].reason, Reason::kLedger);
}

TEST_F(ExecutorTest, ACrashLoopIsNoSuccess) {
  Receive(CommandOf());
  FinishJob("done", Active("new"));
  units_[kOrca] = Active("newer");
  units_[kOrca].restarts = 4;
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kCrashLoop);
}

TEST_F(ExecutorTest, WhenSomebodyElseRestartsItTheSettleTimeStartsOver) {
  Receive(CommandOf());
  FinishJob("done", Active("new"));
  units_[kOrca] = Active("theirs");
  Pass(5s);
  EXPECT_THAT(reports_, IsEmpty());
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
  EXPECT_EQ(reports_[0].evidence.foreign_restarts, 1u);
}

TEST_F(ExecutorTest, SomebodyWhoNeverStopsRestartingItTimesItOut) {
  Command command = CommandOf();
  command.execution_deadline = 12s;
  Receive(command);
  FinishJob("done", Active("new"));
  units_[kOrca] = Active("theirs");
  Pass(5s);
  units_[kOrca] = Active("theirs again");
  Pass(5s);
  Pass(2s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kTimedOut);
  EXPECT_EQ(reports_[0].reason, Reason::kRestartedByOthers);
}

TEST_F(ExecutorTest, AJobThatRunsAtTheDeadlineGoesOnAndIsReported) {
  Receive(CommandOf());
  units_[kOrca].active_state = "deactivating";
  units_[kOrca].job_id = job_;
  Pass(300s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kTimedOut);
  EXPECT_EQ(reports_[0].reason, Reason::kJobRunning);
  EXPECT_THAT(reports_[0].detail, HasSubstr("deactivating"));
}

TEST_F(ExecutorTest, TheJobOfAnotherUnitIsNotOurs) {
  Receive(CommandOf());
  units_[kOrca] = Active("new");
  Step(JobRemoved{"other.service", job_, "done"});
  Step(JobRemoved{kOrca, job_ + 1, "done"});
  Pass(5s);
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(ExecutorTest, CancelEndsWhatHasNotStartedOnly) {
  Step(CancelReceived{Key("unknown"), std::nullopt});
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kNotHeld);
  reports_.clear();
  Receive(CommandOf());
  Step(CancelReceived{Key(), std::nullopt});
  EXPECT_THAT(reports_, IsEmpty()) << "the restart is under way";
  FinishJob("done", Active("new"));
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
}

TEST_F(ExecutorTest, ASettledAttemptThatStillRunsIsForgottenWhenItEnds) {
  Receive(CommandOf());
  Step(SettledReceived{Key()});
  EXPECT_THAT(executor_->Held(), ElementsAre(Key()));
  FinishJob("done", Active("new"));
  Pass(5s);
  EXPECT_THAT(executor_->Held(), IsEmpty());
  EXPECT_THAT(ledger_, IsEmpty());
}

TEST_F(ExecutorTest, InspectChangesNothing) {
  Receive(CommandOf(Key(), Inspect{}));
  EXPECT_THAT(calls_, IsEmpty());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
  EXPECT_EQ(reports_[0].evidence.before->invocation_id, "old");
}

TEST_F(ExecutorTest, TheNumberOfHeldAttemptsIsLimited) {
  for (size_t i = 0; i <= limits::kMaxHeldAttempts; ++i) {
    Receive(CommandOf(Key("i" + std::to_string(i)), Inspect{}));
  }
  EXPECT_EQ(reports_.back().reason, Reason::kAgentBusy);
  EXPECT_THAT(executor_->Held(), SizeIs(limits::kMaxHeldAttempts));
}

// What a new agent makes of the ledger of one that died after its intent.
class RecoveryTest : public ExecutorTest {
 protected:
  RecoveryTest() {
    dies_at_call_ = true;
    Receive(CommandOf());
    dies_at_call_ = false;
    EXPECT_THAT(calls_, SizeIs(1));
  }
};

TEST_F(RecoveryTest, WhatDidNotHappenIsDoneOnce) {
  Crash();
  ASSERT_THAT(calls_, SizeIs(1)) << "same InvocationID, no job: the call had no effect";
  FinishJob("done", Active("new"));
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
  EXPECT_TRUE(reports_[0].evidence.recovered);
}

TEST_F(RecoveryTest, WhatHappenedIsJudgedNotRepeated) {
  units_[kOrca] = Active("new");
  Crash();
  EXPECT_THAT(calls_, IsEmpty());
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
}

TEST_F(RecoveryTest, AJobThatStillRunsIsWaitedFor) {
  units_[kOrca].job_id = 9;
  Crash();
  EXPECT_THAT(calls_, IsEmpty());
  job_ = 9;
  FinishJob("done", Active("new"));
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
}

TEST_F(RecoveryTest, ARebootIsNeverFollowedByARepeat) {
  units_[kOrca] = Active("after boot");
  Crash("boot-2");
  EXPECT_THAT(calls_, IsEmpty());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kAlreadySatisfied);
  EXPECT_EQ(reports_[0].reason, Reason::kRebooted);
}

TEST_F(RecoveryTest, AUnitThatIsGoneFromMemoryTellsNothing) {
  units_[kOrca].invocation_id.clear();
  units_[kOrca].active_state = "inactive";
  Crash();
  EXPECT_THAT(calls_, IsEmpty());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kFailed);
  EXPECT_EQ(reports_[0].reason, Reason::kInterrupted);
}

TEST_F(RecoveryTest, AfterTheDeadlineNothingIsStarted) {
  now_ += 301s;
  Crash();
  EXPECT_THAT(calls_, IsEmpty());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kInterrupted);
}

TEST_F(RecoveryTest, ARecordedOutcomeIsReportedWithoutLooking) {
  Crash();
  FinishJob("done", Active("new"));
  Pass(5s);
  reports_.clear();
  systemd_answers_ = false;
  Crash();
  Step(Welcomed{});
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
}

TEST_F(ExecutorTest, ABusThatWasLostInTheMiddleIsLookedBehind) {
  Receive(CommandOf());
  systemd_answers_ = false;
  Step(WatchRestored{kOrca});
  EXPECT_THAT(reports_, IsEmpty());
  systemd_answers_ = true;
  units_[kOrca] = Active("new");
  Pass(2s);
  EXPECT_THAT(calls_, SizeIs(1)) << "it was restarted: not again";
  Pass(5s);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kSucceeded);
}

TEST_F(ExecutorTest, ACallWhoseAnswerWasLostIsRepeatedOnlyIfItHadNoEffect) {
  dies_at_call_ = true;
  Receive(CommandOf());
  Step(RestartAnswered{Key(), {0, "org.freedesktop.DBus.Error.NoReply", "timed out"}});
  ASSERT_THAT(calls_, SizeIs(1));
  Pass(2s);
  EXPECT_THAT(calls_, SizeIs(2)) << "same InvocationID, no job";
  Step(RestartAnswered{Key(), {0, "org.freedesktop.DBus.Error.NoReply", "timed out"}});
  Pass(2s);
  EXPECT_THAT(calls_, SizeIs(2)) << "once";
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kInterrupted);
}

}  // namespace
}  // namespace muster
