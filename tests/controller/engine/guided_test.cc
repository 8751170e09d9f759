// Jobs that an operation guides: at its pace, under its policy, and after the controller is started again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/engine/guided_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// ---- the pace

TEST_F(GuidedTest, NothingIsStartedBeforeAPaceIsSet) {
  Attach("a");
  SubmitGuided({"a"});
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(1h);
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  SetPace({10, 1s});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(GuidedTest, ThePaceLimitsTheStarts) {
  SubmitGuided(AttachMany(100));
  SetPace({10, 1s});
  EXPECT_NEAR(static_cast<double>(Starts(2s)), 20, 1);
  SetPace({20, 1s});
  EXPECT_NEAR(static_cast<double>(Starts(1s)), 20, 1);
}

TEST_F(GuidedTest, ThePolicysOwnRateLimitsThemAsWell) {
  SubmitGuided(AttachMany(100), {.rate = {5, 1s}});
  SetPace({100, 1s});
  EXPECT_NEAR(static_cast<double>(Starts(2s)), 10, 1);
}

TEST_F(GuidedTest, APaceOfNothingHolds) {
  SubmitGuided(AttachMany(100));
  SetPace({10, 1s});
  Starts(1s);
  SetPace({0, 1s});
  EXPECT_EQ(Starts(5s), 0u);
  SetPace({10, 1s});
  EXPECT_NEAR(static_cast<double>(Starts(1s)), 10, 1);
}

TEST_F(GuidedTest, ThePaceOfAJobThatIsNotGuidedIsIgnored) {
  Attach("a");
  Submit("j", {"a", "b"});
  SetPace({0, 1s});
  Pass(2min + 1s);
  EXPECT_EQ(Task_("b").state, TaskState::kUndelivered) << "its clocks do not stand still";
}

TEST_F(GuidedTest, WhileItIsHeldTheClockOfANodeThatIsAwayStandsStill) {
  SubmitGuided({"a"});
  Pass(1h);
  EXPECT_EQ(Task_().state, TaskState::kPending);
  SetPace({10, 1s});
  Pass(2min - 1s);
  EXPECT_EQ(Task_().state, TaskState::kPending);
  SetPace({0, 1s});
  Pass(1h);
  EXPECT_EQ(Task_().state, TaskState::kPending);
  SetPace({10, 1s});
  Pass(2min - 1ms);
  EXPECT_EQ(Task_().state, TaskState::kPending);
  Pass(1ms);
  EXPECT_EQ(Task_().state, TaskState::kUndelivered);
  EXPECT_EQ(Task_().reason, Reason::kNotAttached);
}

TEST_F(GuidedTest, WhileItIsHeldNothingIsSentAgainAndThatClockStandsStillToo) {
  const SessionId a = Attach("a");
  SubmitGuided({"a"});
  SetPace({10, 1s});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
  Step(SessionDown{a, "a"});
  SetPace({0, 1s});
  Attach("a");  // it never arrived
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(1h);
  EXPECT_EQ(Task_().state, TaskState::kDispatched);
  SetPace({10, 1s});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_EQ(Task_().attempt, 1u);
}

TEST_F(GuidedTest, APauseOfTheOperatorsHoldsWhateverThePace) {
  Attach("a");
  SubmitGuided({"a"});
  Step(JobActionRequested{1, JobAction::kPause, "j", "alice"});
  SetPace({10, 1s});
  Pass(1s);
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Step(JobActionRequested{1, JobAction::kResume, "j", "alice"});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST(TokenBucketRate, TheShareThatIsFullStays) {
  const Time begin = kStart;
  TokenBucket bucket = TokenBucket::ForNewJob({1, 10s}, begin);
  bucket.Take(begin);
  EXPECT_EQ(bucket.NextToken(), begin + 10s);
  bucket.SetRate({1, 20s}, begin + 5s);  // half of a token is there
  EXPECT_EQ(bucket.NextToken(), begin + 5s + 10s);
  bucket.SetRate({1, 2s}, begin + 10s);  // three quarters
  EXPECT_EQ(bucket.NextToken(), begin + 10s + 500ms);
}

TEST(TokenBucketRate, TheSameRateAgainChangesNothing) {
  const Time now = kStart;
  TokenBucket bucket = TokenBucket::ForNewJob({100, 1s}, now);
  for (int i = 0; i < 15; ++i) bucket.Take(now);  // also what is not there
  const Time next = bucket.NextToken();
  bucket.SetRate({100, 1s}, now + 50ms);
  EXPECT_EQ(bucket.NextToken(), next);
}

// ---- the controller is started again

TEST_F(GuidedTest, StartedAgainItHasNoPace) {
  Attach("a");
  SubmitGuided({"a", "b"}, {.max_failures = {2, {}}});
  SetPace({10, 1s});
  Restart();
  Attach("b");
  Pass(1h);
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  EXPECT_EQ(Task_("b").state, TaskState::kPending);
}

TEST_F(GuidedTest, StartedAgainWhileVerifyingItIsStillToBeProven) {
  VerifyOne();
  ComeBack();
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Prove("a");
  EXPECT_EQ(Task_().state, TaskState::kSucceeded);
  EXPECT_EQ(Task_().reason, Reason::kSubscribed);
  EXPECT_EQ(Task_().detail, "seen twice");
  EXPECT_EQ(Task_().outcome, Succeeded());
}

TEST_F(GuidedTest, StartedAgainAfterAFailedProofItIsTriedOnce) {
  DisproveOne();
  const SessionId a = ComeBack();
  Pass(RetryDelay("j", "a", 1) - 1ms);
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(1ms);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
  Report_(a, "j", "a", Succeeded(), 2);
  Prove("a", 2);
  EXPECT_THAT(Task_().detail, HasSubstr("try 2, for the one before ended NOT_SUBSCRIBED"));
}

TEST_F(GuidedTest, StartedAgainInItsSecondTryItStillKnowsWhy) {
  DisproveOne();
  Pass(RetryDelay("j", "a", 1));
  const SessionId a = ComeBack({{TaskName("j", "a"), 2}});
  EXPECT_EQ(Task_().state, TaskState::kDispatched);
  Report_(a, "j", "a", Succeeded(), 2);
  EXPECT_EQ(Task_().reason, Reason::kNotSubscribed);
  ComeBack();
  Prove("a", 2);
  EXPECT_EQ(Task_().state, TaskState::kSucceeded);
  EXPECT_EQ(Task_().reason, Reason::kSubscribed);
  EXPECT_EQ(Task_().detail, "seen twice; try 2, for the one before ended NOT_SUBSCRIBED");
}

// Why the second try was satisfied is not why there was one.
TEST_F(GuidedTest, StartedAgainASatisfiedSecondTryKeepsItsReason) {
  DisproveOne();
  Pass(RetryDelay("j", "a", 1));
  const SessionId a = ComeBack({{TaskName("j", "a"), 2}});
  Report_(a, "j", "a", {OutcomeState::kAlreadySatisfied, Reason::kRestartedByOthers, "", {}}, 2);
  ComeBack();
  Prove("a", 2);
  EXPECT_EQ(Task_().state, TaskState::kAlreadySatisfied);
  EXPECT_EQ(Task_().reason, Reason::kRestartedByOthers);
  EXPECT_THAT(Task_().detail, Not(HasSubstr("ended RESTARTED_BY_OTHERS")));
}

// ---- what else the policy says

TEST_F(GuidedTest, SinceIsSentWithTheFirstAttemptOnly) {
  const auto satisfied_age = [this] {
    for (const Send& send : actions_.sends) {
      if (const auto* command = std::get_if<Command>(&send.message))
        return std::get<RestartUnit>(command->work).satisfied_age;
    }
    ADD_FAILURE() << "nothing was sent";
    return std::optional<Duration>();
  };
  const SessionId a = Attach("a");
  Policy policy;
  policy.retries = 1;
  policy.since = now_ - 1min;
  SubmitGuided({"a"}, policy);
  SetPace(kUnlimited);
  EXPECT_EQ(satisfied_age(), Duration(1min));
  Report_(a, "j", "a", {OutcomeState::kAlreadySatisfied, Reason::kStartedSince, "", {}});
  Disprove("a");
  EXPECT_EQ(Task_().state, TaskState::kPending);
  Pass(RetryDelay("j", "a", 1));
  EXPECT_EQ(satisfied_age(), std::nullopt);
}

TEST_F(GuidedTest, TheOthersWaitForTheCanarysProof) {
  std::map<std::string, SessionId> sessions;
  for (const char* node : {"a", "b", "c"}) sessions[node] = Attach(node);
  SubmitGuided({"a", "b", "c"}, {.canary = CountOrPercent{1, {}}, .retries = 1});
  SetPace(kUnlimited);
  ASSERT_THAT(NodesOf<Command>(), SizeIs(1));
  const std::string canary = NodesOf<Command>().front();
  Report_(sessions[canary], "j", canary, Succeeded());
  Pass(1min);
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Disprove(canary);
  Pass(RetryDelay("j", canary, 1));
  EXPECT_THAT(NodesOf<Command>(), ElementsAre(canary));
  Report_(sessions[canary], "j", canary, Succeeded(), 2);
  Prove(canary, 2);
  Pass(1s);
  EXPECT_NE(Task_("a").attempt, 0u);
  EXPECT_NE(Task_("b").attempt, 0u);
  EXPECT_NE(Task_("c").attempt, 0u);
}

TEST_F(GuidedTest, ACanaryThatCannotBeProvenStopsTheJob) {
  std::map<std::string, SessionId> sessions;
  for (const char* node : {"a", "b"}) sessions[node] = Attach(node);
  SubmitGuided({"a", "b"}, {.canary = CountOrPercent{1, {}}});
  SetPace(kUnlimited);
  const std::string canary = NodesOf<Command>().front();
  Report_(sessions[canary], "j", canary, Succeeded());
  Disprove(canary);
  EXPECT_EQ(Task_(canary).state, TaskState::kFailed);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(Task_(canary == "a" ? "b" : "a").state, TaskState::kCancelled);
}

}  // namespace
}  // namespace muster
