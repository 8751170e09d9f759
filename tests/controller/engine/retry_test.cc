// Tries beyond the first, and jobs that want the same unit of a node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/engine/engine_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(EngineTest, ATryThatFailedIsRepeatedAfterItsBackoff) {
  const SessionId a = Attach("a");
  Submit("j", {"a"}, {.retries = 1});
  Report_(a, "j", "a", Failed());
  EXPECT_THAT(NodesOf<Settled>(), ElementsAre("a"));
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kPending);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kExitCode) << "what the last try came to is shown";
  EXPECT_TRUE(TaskOf("j", "a").outcome);
  const Duration delay = RetryDelay("j", "a", 1);
  EXPECT_GE(delay, kRetrySpacing);
  Pass(delay - 1ms);
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(1ms);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_EQ(TaskOf("j", "a").attempt, 2u);
  EXPECT_FALSE(TaskOf("j", "a").outcome);

  Report_(a, "j", "a", Failed(), 2);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed) << "there are no retries left";
}

TEST_F(EngineTest, TheBackoffIsTheSameAfterARestart) {
  const SessionId a = Attach("a");
  Submit("j", {"a"}, {.retries = 1});
  Report_(a, "j", "a", Failed());
  const Duration delay = RetryDelay("j", "a", 1);
  now_ += 5s;
  Restart();
  Attach("a");
  Pass(delay - 5s - 1ms);
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(1ms);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(EngineTest, WhatCannotGetBetterIsNotTriedAgain) {
  const SessionId a = Attach("a");
  Submit("j", {"a"}, {.retries = 3});
  Report_(a, "j", "a", {OutcomeState::kFailed, Reason::kUnitMasked, "", {}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed);
}

TEST_F(EngineTest, ATaskThatWaitsForAnotherTryEndsAsTheLastOneDid) {
  const SessionId a = Attach("a");
  Submit("j", {"a"}, {.retries = 1});
  Report_(a, "j", "a", Failed());
  Restart();
  Step(JobActionRequested{9, JobAction::kCancel, "j", "alice"});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kExitCode);
  EXPECT_EQ(TaskOf("j", "a").outcome, Failed());
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

// Whatever an agent makes up.
TEST_F(EngineTest, ASuccessIsNotTriedAgain) {
  const SessionId a = Attach("a");
  Submit("j", {"a"}, {.retries = 1});
  Report_(a, "j", "a", {OutcomeState::kSucceeded, Reason::kExitCode, "", {}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kSucceeded);
}

TEST_F(EngineTest, AnInterruptedTryIsRepeatedAsANewAttempt) {
  const SessionId a = Attach("a");
  Submit("j", {"a"}, {.retries = 1});
  Step(SessionDown{a, "a"});
  Attach(HelloOf("a", "life-2"));
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kInterrupted);
  Pass(RetryDelay("j", "a", 1));
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_EQ(TaskOf("j", "a").attempt, 2u);
  EXPECT_EQ(TaskOf("j", "a").incarnation, "life-2");
}

TEST_F(EngineTest, ALateOutcomeOfAnEarlierAttemptIsSettledAndForgotten) {
  const SessionId a = Attach("a");
  Submit("j", {"a"}, {.retries = 1});
  Report_(a, "j", "a", Failed());
  Pass(RetryDelay("j", "a", 1));
  Report_(a, "j", "a", Succeeded(), 1);
  EXPECT_THAT(NodesOf<Settled>(), ElementsAre("a"));
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched);
}

TEST_F(EngineTest, TwoJobsNeverHaveTheSameUnitOfANodeUnderWay) {
  const SessionId a = Attach("a");
  Attach("b");
  Submit("first", {"a"});
  Submit("second", {"a", "b"});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("b"));
  EXPECT_EQ(TaskOf("second", "a").state, TaskState::kPending);
  Report_(a, "first", "a", Succeeded());
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(EngineTest, AConflictMayBeRefused) {
  Attach("a");
  Submit("first", {"a"});
  Submit("second", {"a"}, {.on_conflict = OnConflict::kRefuse});
  EXPECT_EQ(TaskOf("second", "a").state, TaskState::kRefused);
  EXPECT_EQ(TaskOf("second", "a").reason, Reason::kUnitBusy);
  EXPECT_THAT(TaskOf("second", "a").detail, HasSubstr("jobs/first"));
}

// Found by the simulation: the refusal was the failure that is too many, and others were started in the same breath.
TEST_F(EngineTest, ATaskThatEndsBecauseOfAConflictCountsBeforeTheNextIsStarted) {
  const SessionId a = Attach("a");
  const SessionId b = Attach("b");
  Attach("c");
  Submit("j", {"a", "b", "c"},
         {.max_parallel = 1, .retries = 1, .on_conflict = OnConflict::kRefuse});
  Report_(a, "j", "a", Failed());
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("b"));
  Submit("rival", {"a"});
  Pass(RetryDelay("j", "a", 1));
  Report_(b, "j", "b", Succeeded());
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed);
  EXPECT_EQ(TaskOf("j", "c").state, TaskState::kCancelled);
}

TEST_F(EngineTest, APausedJobStartsNothingAndItsDeliveryClockStandsStill) {
  const SessionId a = Attach("a");
  Attach("c");
  Submit("j", {"a", "b", "c"}, {.max_parallel = 1});
  Step(JobActionRequested{9, JobAction::kPause, "j", "alice"});
  EXPECT_EQ(StateOf("j"), JobState::kPaused);
  EXPECT_EQ(stored_.at("j").status.detail, "paused by alice");
  Report_(a, "j", "a", Succeeded());
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(10min);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kPending);
  Restart();
  Attach("c");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(StateOf("j"), JobState::kPaused);

  Step(JobActionRequested{10, JobAction::kResume, "j", "alice"});
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("c"));
  Pass(119s);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kPending);
  Pass(1s);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kUndelivered);
}

TEST_F(EngineTest, OnlyWhatHasEndedIsDeleted) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(JobActionRequested{9, JobAction::kDelete, "j", "alice"});
  EXPECT_EQ(actions_.replies.at(0).job.status().code(), absl::StatusCode::kFailedPrecondition);
  Report_(a, "j", "a", Succeeded());
  Step(JobActionRequested{10, JobAction::kDelete, "j", "alice"});
  EXPECT_TRUE(actions_.replies.at(0).job.ok());
  EXPECT_FALSE(stored_.contains("j"));
}

TEST_F(EngineTest, EndedJobsLeaveMemoryUnlessAnOutcomeMayYetCome) {
  const SessionId a = Attach("a");
  Submit("done", {"a"});
  Report_(a, "done", "a", Succeeded());
  EXPECT_TRUE(engine_->jobs().empty());
  Submit("lost", {"a"}, {.deadline = 1min});
  Pass(1min);
  EXPECT_EQ(StateOf("lost"), JobState::kFailed);
  Report_(a, "lost", "a", Succeeded());
  EXPECT_TRUE(TaskOf("lost", "a").late_outcome);
  EXPECT_EQ(TaskOf("lost", "a").state, TaskState::kLost);
}

}  // namespace
}  // namespace muster
