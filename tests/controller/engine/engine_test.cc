#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/engine/engine_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(EngineTest, AJobOnAttachedNodesIsSentAndEndsWithItsOutcomes) {
  const SessionId a = Attach("a"), b = Attach("b");
  Submit("j", {"a", "b"});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a", "b"));
  ASSERT_THAT(actions_.replies, SizeIs(1));
  EXPECT_EQ(*actions_.replies[0].job, "j");
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched)
      << "recorded in the batch that sends it";
  EXPECT_EQ(TaskOf("j", "a").incarnation, "life-1");

  Report_(a, "j", "a", Succeeded());
  EXPECT_THAT(NodesOf<Settled>(), ElementsAre("a"));
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kSucceeded);
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  Report_(b, "j", "b", Succeeded());
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(EngineTest, OneFailureMakesTheJobFail) {
  const SessionId a = Attach("a"), b = Attach("b");
  Submit("j", {"a", "b"});
  Report_(a, "j", "a", Succeeded());
  Report_(b, "j", "b", Failed());
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(TaskOf("j", "b").reason, Reason::kExitCode);
}

TEST_F(EngineTest, NoMoreThanMaxParallelAreUnderWay) {
  const SessionId a = Attach("a");
  for (const char* node : {"b", "c", "d"}) Attach(node);
  Submit("j", {"a", "b", "c", "d"}, {.max_parallel = 2, .max_failures = {1, {}}});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a", "b"));
  Report_(a, "j", "a", Failed());
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("c"));
}

TEST_F(EngineTest, NodesThatAreAwayHoldNoSlot) {
  const SessionId a = Attach("a");
  Attach("c");
  Submit("j", {"a", "b", "c"}, {.max_parallel = 1});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a")) << "b is away";
  Step(SessionDown{a, "a"});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("c")) << "a went away in the middle";
}

TEST_F(EngineTest, ANodeThatComesBackIsServedAtOnce) {
  Submit("j", {"a"});
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(119s);
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(EngineTest, ANodeThatStaysAwayIsUndelivered) {
  Submit("j", {"a"});
  ASSERT_TRUE(engine_->NextDeadline());
  Pass(*engine_->NextDeadline() - now_);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kNotAttached);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(now_ - kStart, 2min);
}

TEST_F(EngineTest, ATaskThatWaitsForASlotDoesNotExpire) {
  const SessionId a = Attach("a");
  Attach("b");
  Submit("j", {"a", "b"}, {.max_parallel = 1});
  Pass(4min);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kPending);
  Report_(a, "j", "a", Succeeded());
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("b"));
}

TEST_F(EngineTest, TheSameRequestMakesOneJob) {
  Submit("j", {"a"});
  JobSpec again = stored_.at("j").spec;
  again.id = "k";
  Step(JobSubmitted{2, again, {"a"}});
  EXPECT_THAT(actions_.records, IsEmpty());
  EXPECT_EQ(*actions_.replies[0].job, "j");
  again.request_digest = "another";
  Step(JobSubmitted{3, again, {"a"}});
  EXPECT_EQ(actions_.replies[0].job.status().code(), absl::StatusCode::kAlreadyExists);
  Restart();
  again.request_digest = "digest";
  Step(JobSubmitted{4, again, {"a"}});
  EXPECT_EQ(*actions_.replies[0].job, "j") << "also after a restart";
}

TEST_F(EngineTest, TheRequestOfAJobThatIsNotLoadedAnyMoreIsRemembered) {
  Loaded loaded;
  loaded.requests = {{"request-j", "digest", "j"}};
  engine_ = std::make_unique<Engine>(EngineConfig(), loaded, now_);
  Submit("j", {"a"});
  EXPECT_THAT(actions_.records, IsEmpty());
  ASSERT_THAT(actions_.replies, SizeIs(1));
  EXPECT_EQ(*actions_.replies[0].job, "j");
}

TEST_F(EngineTest, OfManyRequestsTheNewestAreRemembered) {
  EngineConfig config;
  config.max_requests = 2;
  engine_ = std::make_unique<Engine>(config, Loaded(), now_);
  for (const char* id : {"j1", "j2", "j3"}) Submit(id, {"a"});
  Submit("j3", {"a"});
  EXPECT_THAT(actions_.records, IsEmpty()) << "it is the same request";
}

TEST_F(EngineTest, WithoutAReportATaskIsLostAndALateOutcomeIsKept) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Pass(30s + 5min + 14s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched);
  Pass(1s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kNoReport);
  Report_(a, "j", "a", Succeeded());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost) << "terminal states never change";
  ASSERT_TRUE(TaskOf("j", "a").late_outcome);
  EXPECT_EQ(TaskOf("j", "a").late_outcome->state, OutcomeState::kSucceeded);
  EXPECT_THAT(NodesOf<Settled>(), ElementsAre("a"));
}

TEST_F(EngineTest, CancelStopsWhatHasNotStarted) {
  const SessionId a = Attach("a");
  Submit("j", {"a", "b"});
  Step(JobActionRequested{9, JobAction::kCancel, "j", "alice"});
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kCancelled);
  EXPECT_THAT(NodesOf<Cancel>(), ElementsAre("a"));
  EXPECT_EQ(StateOf("j"), JobState::kCancelling);
  Report_(a, "j", "a", Succeeded());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kSucceeded) << "what runs ends as it truly ends";
  EXPECT_EQ(StateOf("j"), JobState::kCancelled);
}

TEST_F(EngineTest, CancelOfWhatTheAgentNeverGotIsCancelled) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(JobActionRequested{9, JobAction::kCancel, "j", "alice"});
  Report_(a, "j", "a", {OutcomeState::kNotHeld, Reason::kNotHeld, "", {}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kCancelled);
}

TEST_F(EngineTest, InACancelledJobNothingIsSentAgain) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(SessionDown{a, "a"});
  Step(JobActionRequested{9, JobAction::kCancel, "j", "alice"});
  Attach("a");
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kCancelled);
}

TEST_F(EngineTest, ByTheDeadlineOfTheJobEveryTaskIsTerminal) {
  Attach("a");
  Attach("b");
  Submit("j", {"a", "b", "c"}, {.max_parallel = 1, .deadline = 40s});
  ASSERT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_LT(std::get<Command>(actions_.sends[0].message).execution_deadline, 40s);
  Pass(40s);
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kLost);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kJobDeadline);
  EXPECT_EQ(TaskOf("j", "b").state, TaskState::kUndelivered);
  EXPECT_EQ(TaskOf("j", "b").reason, Reason::kJobDeadline);
  EXPECT_EQ(TaskOf("j", "c").state, TaskState::kUndelivered);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

TEST_F(EngineTest, AnAgentThatLacksTheFeatureRefuses) {
  Hello hello = HelloOf("a");
  hello.features = {kInspectFeature};
  Attach(hello);
  Submit("j", {"a"});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kRefused);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kUnsupported);
}

TEST_F(EngineTest, AgentsThatReplaceEachOtherAreInConflictUntilTheyStop) {
  for (int i = 0; i < 4; ++i) Attach(HelloOf("a", "life-" + std::to_string(i % 2)));
  ASSERT_THAT(actions_.conflicts, SizeIs(1));
  EXPECT_TRUE(actions_.conflicts[0].begins);
  Submit("j", {"a"});
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_THAT(actions_.conflicts, IsEmpty());
  Pass(61s);
  ASSERT_THAT(actions_.conflicts, SizeIs(1));
  EXPECT_FALSE(actions_.conflicts[0].begins);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(EngineTest, AnAgentThatComesBackUnderItsOwnNameIsNoConflict) {
  for (int i = 0; i < 10; ++i) {
    Attach("a");
    EXPECT_THAT(actions_.conflicts, IsEmpty());
  }
}

TEST_F(EngineTest, ProgressMakesItRunning) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Step(ReportReceived{a, {"a", {TaskName("j", "a"), 1}, std::nullopt}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kRunning);
  EXPECT_THAT(actions_.sends, IsEmpty()) << "progress is not answered";
}

TEST_F(EngineTest, ANodeCannotReportForAnother) {
  Attach("a");
  const SessionId b = Attach("b");
  Submit("j", {"a"});
  Step(ReportReceived{b, {"b", {TaskName("j", "a"), 1}, Succeeded()}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kDispatched);
}

TEST_F(EngineTest, AnOutcomeOfWhatWasNeverSentIsNotKept) {
  const SessionId a = Attach("a");
  Policy policy;
  policy.max_parallel = 1;
  Submit("j", {"0", "a"}, policy);
  Attach("0");
  Submit("k", {"0", "a"}, policy);  // "a" waits for its turn
  Report_(a, "k", "a", Succeeded(), 0);
  EXPECT_THAT(actions_.records, IsEmpty());
  EXPECT_EQ(NodesOf<Settled>(), std::vector<std::string>{"a"});
}

TEST_F(EngineTest, AnUnknownOutcomeIsNoSuccess) {
  const SessionId a = Attach("a");
  Submit("j", {"a"});
  Report_(a, "j", "a", {static_cast<OutcomeState>(99), Reason::kNone, "", {}});
  EXPECT_EQ(TaskOf("j", "a").state, TaskState::kFailed);
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kUnknownOutcome);
}

TEST_F(EngineTest, TooManyJobsAreRefusedWithASentence) {
  EngineConfig config;
  config.max_active_jobs = 1;
  engine_ = std::make_unique<Engine>(config, Loaded(), now_);
  Submit("j", {"a"});
  Submit("k", {"a"});
  ASSERT_THAT(actions_.replies, SizeIs(1));
  EXPECT_EQ(actions_.replies[0].job.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(Task, TerminalStatesHaveNoTransitions) {
  for (int from = 0; from < kTaskStateCount; ++from) {
    for (int to = 0; to < kTaskStateCount; ++to) {
      if (!IsTerminal(static_cast<TaskState>(from))) continue;
      EXPECT_FALSE(IsTransition(static_cast<TaskState>(from), static_cast<TaskState>(to)));
    }
  }
}

TEST(Job, EndStateFollowsTheRuleOfExitCodes) {
  const auto end = [](const std::vector<std::pair<TaskState, uint32_t>>& of,
                      bool cancelled = false) {
    TaskCounts counts{};
    for (const auto& [state, count] : of) counts[static_cast<size_t>(state)] = count;
    return EndState(counts, cancelled);
  };
  EXPECT_EQ(end({{TaskState::kSucceeded, 3}}), JobState::kSucceeded);
  EXPECT_EQ(end({{TaskState::kAlreadySatisfied, 1}, {TaskState::kNotApplicable, 9}}),
            JobState::kSucceeded);
  EXPECT_EQ(end({{TaskState::kNotApplicable, 9}}), JobState::kFailed)
      << "nothing was done anywhere";
  EXPECT_EQ(end({{TaskState::kSucceeded, 3}, {TaskState::kLost, 1}}), JobState::kFailed);
  EXPECT_EQ(end({{TaskState::kSucceeded, 3}, {TaskState::kCancelled, 1}}, true),
            JobState::kCancelled);
  EXPECT_EQ(end({{TaskState::kSucceeded, 3}}, true), JobState::kSucceeded)
      << "the cancel came too late to change anything";
}

}  // namespace
}  // namespace muster
