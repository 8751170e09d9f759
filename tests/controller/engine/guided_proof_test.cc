// Each task of a guided job waits for its proof.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/engine/guided_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- the proof

TEST_F(GuidedTest, WhatWasRestartedIsVerifyingUntilItsProof) {
  VerifyOne();
  EXPECT_EQ(Task_().outcome, Succeeded());
  EXPECT_THAT(NodesOf<Settled>(), ElementsAre("a")) << "the agent's part is done";
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  Prove("a");
  EXPECT_EQ(Task_().state, TaskState::kSucceeded);
  EXPECT_EQ(Task_().reason, Reason::kSubscribed);
  EXPECT_EQ(Task_().detail, "seen twice");
  EXPECT_EQ(Task_().outcome, Succeeded());
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(GuidedTest, WhatWasSatisfiedIsProvenTooAndKeepsWhy) {
  const SessionId a = Attach("a");
  SubmitGuided({"a"});
  SetPace(kUnlimited);
  Report_(a, "j", "a", {OutcomeState::kAlreadySatisfied, Reason::kStartedSince, "young", {}});
  EXPECT_EQ(Task_().state, TaskState::kVerifying);
  Prove("a");
  EXPECT_EQ(Task_().state, TaskState::kAlreadySatisfied);
  EXPECT_EQ(Task_().reason, Reason::kStartedSince);
  EXPECT_EQ(Task_().detail, "seen twice");
}

TEST_F(GuidedTest, ANodeThatRebootedIsProvenToo) {
  const SessionId a = Attach("a");
  SubmitGuided({"a"});
  SetPace(kUnlimited);
  Step(SessionDown{a, "a"});
  Pass(60s);
  Hello hello = HelloOf("a", "life-2");
  UnitState unit;
  unit.unit = "cray-orca.service";
  unit.active_state = "active";
  unit.active_age = 20s;
  hello.status.units = {unit};
  Attach(hello);
  EXPECT_EQ(Task_().state, TaskState::kVerifying);
  Restart();
  Prove("a");
  EXPECT_EQ(Task_().state, TaskState::kAlreadySatisfied);
  EXPECT_EQ(Task_().reason, Reason::kRebooted);
}

TEST_F(GuidedTest, WhatFailedIsNotVerified) {
  const SessionId a = Attach("a");
  SubmitGuided({"a"});
  SetPace(kUnlimited);
  Report_(a, "j", "a", Failed());
  EXPECT_EQ(Task_().state, TaskState::kFailed);
}

TEST_F(GuidedTest, WhoIsVerifyingHoldsNoSlot) {
  const SessionId a = Attach("a");
  Attach("b");
  SubmitGuided({"a", "b"}, {.max_parallel = 1});
  SetPace(kUnlimited);
  Pass(1s);
  EXPECT_EQ(Task_("b").state, TaskState::kPending);
  Report_(a, "j", "a", Succeeded());
  Pass(1s);
  EXPECT_EQ(Task_("a").state, TaskState::kVerifying);
  EXPECT_EQ(Task_("b").state, TaskState::kDispatched);
}

TEST_F(GuidedTest, AnotherJobMayHaveTheUnitOfWhoIsVerifying) {
  VerifyOne();
  Submit("k", {"a"});
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
}

TEST_F(GuidedTest, WhoGoesAwayWhileVerifyingIsProvenAllTheSame) {
  const SessionId a = VerifyOne();
  Step(SessionDown{a, "a"});
  Prove("a");
  EXPECT_EQ(Task_().state, TaskState::kSucceeded);
}

TEST_F(GuidedTest, AFailedProofIsAnotherTryAfterTheBackoff) {
  DisproveOne();
  EXPECT_EQ(Task_().reason, Reason::kNotSubscribed);
  EXPECT_EQ(Task_().detail, "not in the list");
  const Duration delay = RetryDelay("j", "a", 1);
  Pass(delay - 1ms);
  EXPECT_THAT(NodesOf<Command>(), IsEmpty());
  Pass(1ms);
  EXPECT_THAT(NodesOf<Command>(), ElementsAre("a"));
  EXPECT_EQ(Task_().attempt, 2u);
  EXPECT_EQ(Task_().reason, Reason::kNotSubscribed) << "why it is tried again";
}

TEST_F(GuidedTest, WithoutRetriesAFailedProofIsTheEnd) {
  const SessionId a = DisproveOne();
  Pass(RetryDelay("j", "a", 1));
  Report_(a, "j", "a", Succeeded(), 2);
  Disprove("a", 2, Reason::kVanished);
  EXPECT_EQ(Task_().state, TaskState::kFailed);
  EXPECT_EQ(Task_().reason, Reason::kVanished);
  EXPECT_EQ(Task_().outcome, Succeeded()) << "what the agent did is still shown";
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

TEST_F(GuidedTest, ASecondTryThatHoldsTellsWhyThereWasOne) {
  const SessionId a = DisproveOne();
  Pass(RetryDelay("j", "a", 1));
  Report_(a, "j", "a", Succeeded(), 2);
  Prove("a", 2);
  EXPECT_EQ(Task_().state, TaskState::kSucceeded);
  EXPECT_EQ(Task_().reason, Reason::kSubscribed);
  EXPECT_EQ(Task_().detail, "seen twice; try 2, for the one before ended NOT_SUBSCRIBED");
}

TEST_F(GuidedTest, AProofOfAnEarlierAttemptIsIgnored) {
  const SessionId a = DisproveOne();
  Prove("a");
  EXPECT_EQ(Task_().state, TaskState::kPending) << "it waits for its next try";
  Pass(RetryDelay("j", "a", 1));
  Prove("a");
  EXPECT_EQ(Task_().state, TaskState::kDispatched);
  Report_(a, "j", "a", Succeeded(), 2);
  Prove("a", 1);
  Disprove("a", 1);
  EXPECT_EQ(Task_().state, TaskState::kVerifying);
}

TEST_F(GuidedTest, AProofOfWhatHasEndedOrIsUnknownIsIgnored) {
  VerifyOne();
  Attach("b");
  Submit("k", {"b"});
  Step(ProofGiven{"k", "b", 1, true, Reason::kSubscribed, ""});  // not guided
  Step(ProofGiven{"j", "nobody", 1, true, Reason::kSubscribed, ""});
  EXPECT_THAT(actions_.records, IsEmpty());
  Prove("a");
  Disprove("a");
  EXPECT_THAT(actions_.records, IsEmpty());
  EXPECT_EQ(Task_().state, TaskState::kSucceeded);
}

TEST_F(GuidedTest, WhatIsNotProvenByTheProofsDeadlineHasFailed) {
  VerifyOne({.retries = 3, .proof_deadline = 1min});
  Pass(1min - 1ms);
  EXPECT_EQ(Task_().state, TaskState::kVerifying);
  Pass(1ms);
  EXPECT_EQ(Task_().state, TaskState::kFailed);
  EXPECT_EQ(Task_().reason, Reason::kUnverified);
  EXPECT_THAT(Task_().detail, HasSubstr("by the proof's deadline"));
  EXPECT_EQ(Task_().outcome, Succeeded());
}

TEST_F(GuidedTest, TheProofsDeadlineBeginsAnewWithTheController) {
  VerifyOne({.proof_deadline = 1min});
  now_ += 50s;
  ComeBack();
  Pass(59s);
  EXPECT_EQ(Task_().state, TaskState::kVerifying);
  Pass(1s);
  EXPECT_EQ(Task_().state, TaskState::kFailed);
}

TEST_F(GuidedTest, TheJobsDeadlineEndsWhatIsVerifying) {
  VerifyOne({.deadline = 1min});
  Pass(1min);
  EXPECT_EQ(Task_().state, TaskState::kFailed);
  EXPECT_EQ(Task_().reason, Reason::kUnverified);
  EXPECT_THAT(Task_().detail, HasSubstr("by the job's deadline"));
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

// ---- cancelled, or too many failures

TEST_F(GuidedTest, CancelledWhileVerifyingTheProofStillEndsIt) {
  VerifyOne({.retries = 3});
  Step(JobActionRequested{1, JobAction::kCancel, "j", "alice"});
  EXPECT_EQ(Task_().state, TaskState::kVerifying);
  EXPECT_THAT(NodesOf<muster::Cancel>(), IsEmpty()) << "there is nothing to cancel on the node";
  Prove("a");
  EXPECT_EQ(Task_().state, TaskState::kSucceeded);
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(GuidedTest, CancelledWhileVerifyingThereIsNoOtherTry) {
  VerifyOne({.retries = 3});
  Step(JobActionRequested{1, JobAction::kCancel, "j", "alice"});
  Disprove("a");
  EXPECT_EQ(Task_().state, TaskState::kFailed);
  EXPECT_EQ(Task_().reason, Reason::kNotSubscribed);
}

TEST_F(GuidedTest, CancelledWhileItWaitsForAnotherTryItEndsAsTheProofDid) {
  DisproveOne();
  ComeBack();
  Step(JobActionRequested{1, JobAction::kCancel, "j", "alice"});
  EXPECT_EQ(Task_().state, TaskState::kFailed);
  EXPECT_EQ(Task_().reason, Reason::kNotSubscribed);
  EXPECT_EQ(Task_().outcome, Succeeded());
}

TEST_F(GuidedTest, WithTooManyFailuresThereIsNoOtherTryAndProofsStillCount) {
  const SessionId a = Attach("a");
  const SessionId b = Attach("b");
  const SessionId c = Attach("c");
  SubmitGuided({"a", "b", "c", "d"}, {.max_failures = {0, {}}, .retries = 3});
  SetPace(kUnlimited);
  Pass(1s);
  Report_(a, "j", "a", Succeeded());
  Report_(b, "j", "b", Succeeded());
  Report_(c, "j", "c", {OutcomeState::kFailed, Reason::kUnitMasked, "", {}});
  EXPECT_EQ(Task_("d").state, TaskState::kCancelled);
  Disprove("a");
  EXPECT_EQ(Task_("a").state, TaskState::kFailed);
  Prove("b");
  EXPECT_EQ(Task_("b").state, TaskState::kSucceeded);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

}  // namespace
}  // namespace muster
