// The phases of a content, and its gate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "controller/operation/content_gate.h"
#include "tests/controller/operation/content_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ContentPhaseTest, WhatIsRecordedIsUnmountedByItsRecord) {
  ASSERT_TRUE(world_.Submit(unmount_, "o1")->ok());
  RunToEnd("o1");
  EXPECT_EQ(world_.status("o1").state, OperationState::kSucceeded);
  EXPECT_THAT(NodesOf("unmount"), ElementsAre("x1", "x2", "x4")) << "x3 has no content";
  for (const auto& [node, record] : unmounted_) EXPECT_EQ(record, RecordOf(node));
  EXPECT_EQ(world_.status("o1").steps[0].detail, "4 nodes: 3 succeeded, 1 not applicable");
  ASSERT_TRUE(world_.Submit(remount_, "o2")->ok());
  RunToEnd("o2");
  EXPECT_EQ(remounted_.at("x1"), RecordOf("x1"));
  EXPECT_EQ(remounted_.at("x3"), ContentRecord());
}

TEST_F(ContentPhaseTest, ANodeThatCannotBeRecordedHoldsUpNobodyAndIsNotUnmounted) {
  record_ends_["x1"] = {OutcomeState::kRefused, Reason::kRootOnCps, "its root", {}};
  ASSERT_TRUE(world_.Submit(unmount_, "o1")->ok());
  RunToEnd("o1");
  EXPECT_EQ(world_.status("o1").state, OperationState::kFailed);
  EXPECT_THAT(world_.status("o1").detail, HasSubstr("what is mounted is recorded: 4 nodes"));
  EXPECT_EQ(world_.status("o1").steps[1].state, OperationState::kSucceeded);
  EXPECT_THAT(NodesOf("unmount"), ElementsAre("x2", "x4"));
}

TEST_F(ContentPhaseTest, WithoutAnyContentThereIsNothingToUnmount) {
  unmount_.nodes = {"x3"};
  ASSERT_TRUE(world_.Submit(unmount_, "o1")->ok());
  RunToEnd("o1");
  EXPECT_EQ(world_.status("o1").state, OperationState::kSucceeded);
  EXPECT_EQ(world_.status("o1").detail, "nothing to do");
  EXPECT_FALSE(world_.store().jobs().contains("unmount"));
}

TEST_F(ContentPhaseTest, TwoAtOnceAreRefusedButNotBesideAResubscription) {
  ASSERT_TRUE(world_.Submit(unmount_, "o1")->ok());
  const auto second = world_.Submit(remount_, "o2");
  EXPECT_EQ(second->status().code(), absl::StatusCode::kFailedPrecondition);
  ResubscriptionSpec resubscription;
  resubscription.job = "j1";
  resubscription.work = RestartUnit{"", 5s};
  resubscription.nodes = {"x1"};
  EXPECT_TRUE(world_.Submit(resubscription, "o3")->ok());
}

TEST_F(ContentPhaseTest, ACancelEndsItWithItsJob) {
  ASSERT_TRUE(world_.Submit(unmount_, "o1")->ok());
  world_.Pass(500ms);
  ASSERT_TRUE(world_.Cancel("o1")->ok());
  RunToEnd("o1");
  EXPECT_EQ(world_.status("o1").state, OperationState::kCancelled);
  EXPECT_FALSE(world_.store().jobs().contains("unmount"));
}

TEST_F(ContentPhaseTest, WhateverDiesItGoesOn) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    World world({"x1", "x2", "x3", "x4"});
    std::mt19937 random(seed);
    Time last = world.now();
    world.on_content = [](const Command& command) {
      Outcome outcome{OutcomeState::kSucceeded, Reason::kClean, "clean", {}};
      if (std::holds_alternative<InspectContent>(command.work))
        outcome.evidence.content = RecordOf(command.node);
      return Restarted{outcome, 1s};
    };
    world.on_batch = [&] {
      // The agents take a moment to come back.
      if (world.now() - last < 1s || random() % 4 != 0) return World::Crash::kNone;
      last = world.now();
      return random() % 2 == 0 ? World::Crash::kBeforeCommit : World::Crash::kBeforeDeliver;
    };
    for (int i = 0; i < 20 && !world.store().operations().contains("o1"); ++i)
      world.Submit(unmount_, "o1");
    world.Pass(1h, [&] { return world.is_over(); });
    ASSERT_EQ(world.status().state, OperationState::kSucceeded)
        << "seed " << seed << ": " << world.status().detail;
    for (const auto& [id, job] : world.store().jobs())
      for (const Task& task : job.tasks) ASSERT_EQ(task.state, TaskState::kSucceeded) << seed;
  }
}

// ---- the gate

Task TaskOf(const std::string& node, TaskState state, Reason reason, int second) {
  Task task;
  task.node = node;
  task.state = state;
  task.reason = reason;
  task.updated = Time(std::chrono::seconds(second));
  return task;
}

class ContentGateTest : public testing::Test {
 protected:
  ContentState StateOf(const std::string& node) const { return gate_.nodes().at(node).state; }
  void Recorded(const std::string& node) {
    gate_.OnRecord(TaskOf(node, TaskState::kSucceeded, Reason::kContentMounted, 1));
  }
  void Unmounted(const std::string& node) {
    gate_.OnUnmount(TaskOf(node, TaskState::kSucceeded, Reason::kClean, 2));
  }
  static constexpr NodeNow kThere{.is_attached = true};

  ContentGate gate_;
};

TEST_F(ContentGateTest, IsClosedForNobody) { EXPECT_FALSE(gate_.is_open()); }

TEST_F(ContentGateTest, OpensWhenEveryNodeIsCleanOrNoClientOrOff) {
  Recorded("clean");
  EXPECT_EQ(StateOf("clean"), ContentState::kMounted);
  Unmounted("clean");
  gate_.OnRecord(TaskOf("none", TaskState::kNotApplicable, Reason::kNotAClient, 1));
  gate_.OnRecord(TaskOf("root", TaskState::kRefused, Reason::kRootOnCps, 1));
  for (const char* node : {"clean", "none", "root"}) gate_.See(node, kThere);
  EXPECT_FALSE(gate_.is_open());
  EXPECT_EQ(StateOf("root"), ContentState::kRootOnCps);
  gate_.See("root", {.is_attached = false, .is_off = true});
  EXPECT_EQ(StateOf("root"), ContentState::kShutDown);
  EXPECT_TRUE(gate_.is_open());
}

TEST_F(ContentGateTest, ANodeThatIsOffAndAttachedIsNotOff) {
  gate_.OnRecord(TaskOf("root", TaskState::kRefused, Reason::kRootOnCps, 1));
  gate_.See("root", {.is_attached = true, .is_off = true});
  EXPECT_FALSE(gate_.is_open());
}

TEST_F(ContentGateTest, AnythingElseKeepsItClosedAndSaysWhy) {
  Recorded("busy");
  Task busy = TaskOf("busy", TaskState::kFailed, Reason::kBusy, 2);
  busy.detail = "process 7 has it open";
  gate_.OnUnmount(busy);
  EXPECT_EQ(StateOf("busy"), ContentState::kNotClean);
  EXPECT_EQ(gate_.nodes().at("busy").detail, "unmounting ended FAILED: process 7 has it open");
  gate_.OnRecord(TaskOf("away", TaskState::kUndelivered, Reason::kNotAttached, 1));
  EXPECT_EQ(StateOf("away"), ContentState::kUnknown);
  gate_.OnRecord(TaskOf("slow", TaskState::kPending, Reason::kNone, 0));
  EXPECT_EQ(StateOf("slow"), ContentState::kUnknown);
}

TEST_F(ContentGateTest, ASecondTryOfWhatWasCleanFindsNothingAndItIsStillClean) {
  Recorded("x");
  Unmounted("x");
  gate_.OnRecord(TaskOf("x", TaskState::kPending, Reason::kNone, 0));
  gate_.OnRecord(TaskOf("x", TaskState::kNotApplicable, Reason::kNotAClient, 3));
  EXPECT_EQ(StateOf("x"), ContentState::kClean);
}

TEST_F(ContentGateTest, ANodeThatBootedIsJudgedByWhatItMountsNow) {
  Recorded("x");
  Unmounted("x");
  gate_.See("x", {.is_attached = true, .mounted_time = Time(1s), .has_content = true});
  EXPECT_TRUE(gate_.is_open()) << "that was before it was unmounted";
  gate_.See("x", {.is_attached = true, .mounted_time = Time(3s), .has_content = true});
  EXPECT_EQ(StateOf("x"), ContentState::kMounted);
}

TEST_F(ContentGateTest, ANodeThatIsNoClientMayBeOff) {
  gate_.OnRecord(TaskOf("x", TaskState::kNotApplicable, Reason::kNotAClient, 1));
  gate_.See("x", {.is_attached = false, .is_off = true});
  EXPECT_TRUE(gate_.is_open());
}

// An empty table is no proof then: who used it may still do so.
TEST_F(ContentGateTest, WhatWasDetachedIsCleanAfterABootOnly) {
  Recorded("x");
  gate_.OnUnmount(TaskOf("x", TaskState::kFailed, Reason::kDetached, 2));
  gate_.OnRecord(TaskOf("x", TaskState::kNotApplicable, Reason::kNotAClient, 3));
  EXPECT_EQ(StateOf("x"), ContentState::kNotClean);
  gate_.See("x", {.is_attached = true, .booted = Time(1s), .mounted_time = Time(4s)});
  EXPECT_FALSE(gate_.is_open());
  gate_.See("x", {.is_attached = true, .booted = Time(5s), .mounted_time = Time(6s)});
  EXPECT_TRUE(gate_.is_open());
}

// An agent that records says whether anything hangs still.
TEST_F(ContentGateTest, WhatHungIsCleanWhenNothingHangsAnyMore) {
  Recorded("x");
  gate_.OnUnmount(TaskOf("x", TaskState::kTimedOut, Reason::kHung, 2));
  gate_.OnRecord(TaskOf("x", TaskState::kTimedOut, Reason::kHung, 3));
  EXPECT_EQ(StateOf("x"), ContentState::kUnknown);
  gate_.OnRecord(TaskOf("x", TaskState::kNotApplicable, Reason::kNotAClient, 4));
  EXPECT_EQ(StateOf("x"), ContentState::kClean);
}

TEST_F(ContentGateTest, ContentOnANodeThatWasNoTargetKeepsItClosed) {
  Recorded("x");
  Unmounted("x");
  gate_.See("x", kThere);
  gate_.See("forgotten", {.is_attached = true});
  EXPECT_TRUE(gate_.is_open());
  gate_.See("old", {.is_attached = true, .tells_changes = false});
  EXPECT_FALSE(gate_.is_open()) << "what it has mounted meanwhile nobody knows";
  gate_.See("forgotten", {.is_attached = true, .has_content = true});
  EXPECT_EQ(StateOf("forgotten"), ContentState::kMounted);
  EXPECT_FALSE(gate_.is_open());
}

TEST_F(ContentGateTest, OfANodeThatIsAwayNothingIsKnown) {
  Recorded("x");
  Unmounted("x");
  gate_.See("x", {});
  EXPECT_EQ(StateOf("x"), ContentState::kUnknown);
}

TEST_F(ContentGateTest, WhatIsMountedAgainIsMounted) {
  Recorded("x");
  Unmounted("x");
  gate_.OnRemount(TaskOf("x", TaskState::kPending, Reason::kNone, 0));
  EXPECT_EQ(StateOf("x"), ContentState::kClean);
  gate_.OnRemount(TaskOf("x", TaskState::kDispatched, Reason::kNone, 3));
  EXPECT_FALSE(gate_.is_open());
  gate_.OnRemount(TaskOf("x", TaskState::kSucceeded, Reason::kContentMounted, 4));
  EXPECT_EQ(StateOf("x"), ContentState::kMounted);
}

}  // namespace
}  // namespace muster
