// Agents that come back, and controllers that do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/engine/engine_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(EngineTest, AHeldAttemptIsWaitedFor) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Hello hello = HelloOf("a");
  hello.held = {{TaskName("j", "a"), 1}};
  const SessionId again = Attach(hello);
  EXPECT_THAT(actions_.sends, IsEmpty());
  Report_(again, "j", "a", Succeeded());
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(EngineTest, WhatNeverArrivedIsSentAgainToTheSameLedger) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Pass(20s);
  Attach("a");
  ASSERT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_EQ(std::get<Command>(actions_.sends[0].message).key.attempt, 1u);
  EXPECT_EQ(TaskOf("j", "a").last_sent, now_);
  EXPECT_EQ(TaskOf("j", "a").first_sent, kStart);
}

TEST_F(EngineTest, AnAgentThatNeverTakesItsCommandDoesNotHoldUpTheJobForEver) {
  SessionId a = Attach("a");
  Submit("j", {"a"});
  size_t sent = 1;
  for (int i = 0; i < 30; ++i) {  // it dies of the command, each minute anew
    Step(SessionDown{a, "a"});
    Pass(60s);
    a = Attach("a");
    sent += NodesOf<Command>().size();
  }
  EXPECT_EQ(sent, 2u) << "until the delivery deadline";
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kNotHeld);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

TEST_F(EngineTest, APausedJobSendsNothingAgain) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Step(JobActionRequested{2, JobAction::kPause, "j", "me"});
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(1h);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched) << "the delivery clock stands still";
  Step(JobActionRequested{3, JobAction::kResume, "j", "me"});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(EngineTest, AJobThatWasStoppedSendsNothingAgain) {
  const SessionId a = Attach("a");
  const SessionId b = Attach("b");
  Submit("j", {"a", "b"}, {.max_failures = {0, {}}});
  Step(SessionDown{b, "b"});
  Report_(a, "j", "a", Failed());
  Attach("b");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kCancelled);
  EXPECT_EQ(TaskOf("j", "b").reason, Reason::kMaxFailures);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

// Found by the simulation: the other job hung.
TEST_F(EngineTest, WhatEndsInTheMiddleLetsAnotherJobStart) {
  SessionId a = Attach("a");
  const SessionId b = Attach("b");
  Submit("j", {"a", "b"}, {.max_failures = {0, {}}});
  Submit("later", {"a"});
  Step(SessionDown{a, "a"});
  Report_(b, "j", "b", Failed());
  a = Attach("a");
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kCancelled);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_EQ(TaskOf("later", "a").state, TaskState::kDispatched);
}

TEST_F(EngineTest, WhatIsSentAgainWaitsForASlotAndAToken) {
  const SessionId a = Attach("a");
  Attach("b");
  Submit("j", {"a", "b"}, {.max_parallel = 1, .rate = {1, 10s}});
  Step(SessionDown{a, "a"});
  Pass(10s);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("b")) << "who is away holds no slot";
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Report_(session_ - 1, "j", "b", Succeeded());
  EXPECT_THAT(NodesOf<Command>(), IsEmpty()) << "no token";
  Pass(10s);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(EngineTest, NothingIsSentAgainThatCannotSettleInTime) {
  const SessionId a = Attach("a");
  Submit("j", {"a"}, {.deadline = 60s});
  Step(SessionDown{a, "a"});
  Pass(56s);
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kJobDeadline);
}

TEST_F(EngineTest, ACanaryWhoseNodeRebootedHasNotStayedUp) {
  Attach("a");
  Submit("j", {"a"}, {.canary = CountOrPercent{1, {}}});
  Pass(30s);
  Hello hello = HelloOf("a", "life-2");
  UnitState unit;
  unit.unit = "cray-orca.service";
  unit.active_state = "active";
  unit.active_age = 5s;
  hello.status.units.push_back(unit);
  Attach(hello);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kInterrupted);
}

TEST_F(EngineTest, NothingIsSentAgainAfterTheDeadlineOfTheJob) {
  Attach("a");
  Policy policy;
  policy.deadline = 1min;
  Submit("j", {"a"}, policy);
  now_ += 2min;
  Restart();
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kJobDeadline);
}

TEST_F(EngineTest, WhatWasSentToAnotherLedgerIsNeverSentAgain) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Attach(HelloOf("a", "life-2"));
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kInterrupted);
}

TEST_F(EngineTest, ARebootThatStartedTheUnitSatisfiesTheTask) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Pass(60s);
  Hello hello = HelloOf("a", "life-2");
  UnitState orca;
  orca.unit = "cray-dvs-orca.service";
  orca.active_state = "active";
  orca.active_age = 59s;
  hello.status.units = {orca};
  Attach(hello);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kAlreadySatisfied);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kRebooted);
}

TEST_F(EngineTest, AUnitThatIsOlderThanTheCommandDoesNotSatisfyIt) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Pass(60s);
  Hello hello = HelloOf("a", "life-2");
  UnitState orca;
  orca.unit = "cray-orca.service";
  orca.active_state = "active";
  orca.active_age = 61s;
  hello.status.units = {orca};
  Attach(hello);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kInterrupted);
}

TEST_F(EngineTest, AttemptsThatNobodyKnowsAreSettled) {
  Hello hello = HelloOf("a");
  hello.held = {{"jobs/unknown/tasks/a", 1}, {"nonsense", 7}};
  Attach(hello);
  EXPECT_THAT(NodesOf<Settled>(), SizeIs(2));
}

// Found by the simulation.
// It is not done twice: the agent answers the command with what it came to, whether or not that was a success.
TEST_F(EngineTest, AnAttemptOfAFutureThatWasLostIsAskedForByItsName) {
  Submit("j", {"a"}, {.retries = 2});
  Hello hello = HelloOf("a");
  hello.held = {{TaskName("j", "a"), 1}, {TaskName("j", "a"), 2}};
  const SessionId a = Attach(hello);
  EXPECT_THAT(NodesOf<Settled>(), SizeIs(1)) << "of the older one; the newer it must not forget";
  EXPECT_EQ(TaskOf("j", "a").attempt, 2u);
  EXPECT_THAT(NodesOf<Command>(), SizeIs(1));
  Report_(a, "j", "a", Succeeded(), 2);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kSucceeded);
}

TEST_F(EngineTest, WhatAnAgentSaysOfALostFutureBeforeItIsAskedWaits) {
  const SessionId other = Attach("b");
  Submit("j", {"a", "b"}, {.max_parallel = 1});
  ASSERT_EQ(TaskOf("j", "b").state, TaskState::kDispatched);
  Hello hello = HelloOf("a");
  hello.held = {{TaskName("j", "a"), 1}};
  const SessionId a = Attach(hello);
  Step(ReportReceived{a, Report{"a", {TaskName("j", "a"), 1}, Succeeded()}});
  EXPECT_THAT(NodesOf<Settled>(), SizeIs(0));
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kPending);
  Report_(other, "j", "b", Succeeded());
  EXPECT_EQ(TaskOf("j", "a").attempt, 1u);
}

TEST_F(EngineTest, AnAgentDoesNotChooseHowAttemptsAreNumbered) {
  Submit("j", {"a"});
  Hello hello = HelloOf("a");
  hello.held = {{TaskName("j", "a"), 4'000'000'000}};
  Attach(hello);
  EXPECT_EQ(TaskOf("j", "a").attempt, 1u);
}

TEST_F(EngineTest, AfterARestartNobodyIsLostForAWhile) {
  Attach("a");
  Submit("j", {"a", "b"}, {.max_failures = {1, {}}});
  now_ += 1h;
  Restart();
  Pass(0s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kPending) << "its absence counts from now";
  Pass(30s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
  Pass(90s);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kUndelivered);
}

TEST_F(EngineTest, DeadlinesHoldWhenTheWallClockWasSetBackBetweenTwoLives) {
  Attach("a");
  Submit("j", {"a", "b"});
  now_ -= 24h;
  Restart();
  Pass(0s);
  Pass(2min);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kUndelivered);
  Pass(5min);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
}

// Found by the simulation.
TEST_F(EngineTest, TheGraceOfARestartHoldsWhenTheWallClockWasSetBack) {
  Attach("a");
  Submit("j", {"a"}, {.deadline = 20s});
  now_ -= 1h;
  Restart();
  Pass(20s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched);
  Pass(10s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
}

TEST_F(EngineTest, TheGraceOfARestartIsForWhatWasSentBeforeIt) {
  Restart();
  Attach("a");
  Pass(1ms);
  Submit("j", {"a"}, {.deadline = 10s});
  Pass(10s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost) << "sent in this life: its deadline counts";
}

TEST_F(EngineTest, AfterARestartRevisionsGoOn) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  const uint64_t before = stored_.at("j").status.revision;
  (void)a;
  Restart();
  Hello hello = HelloOf("a");
  hello.held = {{TaskName("j", "a"), 1}};
  Report_(Attach(hello), "j", "a", Succeeded());
  EXPECT_GT(TaskOf("j", "a").revision, before);
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

}  // namespace
}  // namespace muster
