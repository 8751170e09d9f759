// Mounting again: what fails, what is in the way, and the hooks around it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/executor/content_world.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Else each round would put another one on top.
TEST_F(ContentTest, WhatTheHelperMountsWronglyIsNotMountedAgain) {
  const ContentRecord record = MountImages(1);
  ContentNode node(world_);
  Unmount(node, record);
  world_.mounts_writable = true;
  const Outcome outcome = Remount(node, record);
  EXPECT_EQ(outcome.reason, Reason::kPartial);
  EXPECT_THAT(outcome.detail, HasSubstr("something else is mounted there"));
  EXPECT_THAT(Mounted(), ElementsAre("/images/1", "/sq/1")) << "once each, in many rounds";
}

TEST_F(ContentTest, AMountThatFailsHoldsUpWhatLiesOnIt) {
  const ContentRecord record = MountImages(1);
  ContentNode node(world_);
  Unmount(node, record);
  world_.failing = {"/sq/1"};
  const Outcome outcome = Remount(node, record);
  EXPECT_EQ(outcome.reason, Reason::kPartial);
  EXPECT_THAT(outcome.detail, HasSubstr("1 of 4 mounts are there; /sq/1: Input/output error"));
  EXPECT_THAT(Mounted(), ElementsAre("/images/1")) << "nothing is mounted where it does not belong";
  world_.failing.clear();
  EXPECT_EQ(Remount(node, record, 3).state, OutcomeState::kSucceeded);
  EXPECT_EQ(Remount(node, record, 4).state, OutcomeState::kAlreadySatisfied);
}

TEST_F(ContentTest, SomethingElseThatIsThereIsNotCovered) {
  const ContentRecord record = MountImages(1);
  ContentNode node(world_);
  Unmount(node, record);
  world_.Add("tmpfs", "tmpfs", "/sq/1");
  const Outcome outcome = Remount(node, record);
  EXPECT_EQ(outcome.state, OutcomeState::kRefused);
  EXPECT_EQ(outcome.reason, Reason::kTargetTaken);
  EXPECT_THAT(outcome.detail, HasSubstr("/sq/1"));
}

TEST_F(ContentTest, WhatWasBelowContentIsExpectedThere) {
  world_.Add("tmpfs", "tmpfs", "/images/1");
  const ContentRecord record = MountImages(1);
  ContentNode node(world_);
  EXPECT_EQ(Unmount(node, record).reason, Reason::kClean);
  EXPECT_EQ(Remount(node, record).state, OutcomeState::kSucceeded);
}

TEST_F(ContentTest, ContentThatCannotBeReadIsNotBack) {
  const ContentRecord record = MountImages(1);
  ContentNode node(world_);
  world_.hung = {"/images/1"};
  const Outcome outcome = Remount(node, record);
  EXPECT_EQ(outcome.reason, Reason::kHung);
  EXPECT_THAT(outcome.detail, HasSubstr("/images/1 cannot be read"));
}

TEST_F(ContentTest, HooksRunOnceForEachAttempt) {
  const ContentRecord record = MountImages(1);
  ContentProfile profile;
  profile.before_unmount = {{{"/a"}}, {{"/b"}}};
  profile.after_remount = {{{"/c"}}};
  world_.failing = {"/b"};
  ContentNode node(world_, profile);
  const Outcome outcome = Unmount(node, record);
  EXPECT_EQ(outcome.reason, Reason::kClean);
  EXPECT_THAT(outcome.detail, HasSubstr("the hook failed: exit code 3"));
  EXPECT_EQ(Remount(node, record).state, OutcomeState::kSucceeded);
  EXPECT_THAT(world_.hooks, ElementsAre("/a", "/b", "/c"));
  // Not again after a crash; whether it has run is said to be unknown.
  Unmount(node, record);
  world_.hooks.clear();
  node.Send(RemountContent{"c", record}, 5);
  while (world_.hooks.empty()) node.Turn();
  node.Crash();
  const Outcome recovered = node.Run();
  EXPECT_EQ(recovered.state, OutcomeState::kFailed);
  EXPECT_THAT(recovered.detail, HasSubstr("whether the hooks were run is not known"));
  EXPECT_THAT(world_.hooks, ElementsAre("/c"));
}

// SIGHUP in the middle: an attempt mounts as it has begun to, and runs the hooks that it began with.
TEST_F(ContentTest, AnAttemptKeepsTheProfileItBeganWith) {
  const ContentRecord record = MountImages(1);
  ContentProfile profile;
  profile.before_unmount = {{{"/a"}}};
  profile.after_remount = {{{"/c"}}};
  ContentNode node(world_, profile);
  EXPECT_EQ(Unmount(node, record).reason, Reason::kClean);
  node.Send(RemountContent{"c", record}, 2);
  profile.before_unmount = {{{"/b"}}};
  profile.after_remount = {{{"/d"}}};
  node.SetProfile(profile);
  EXPECT_EQ(node.Run().state, OutcomeState::kSucceeded);
  EXPECT_THAT(world_.hooks, ElementsAre("/a", "/c"));
  node.Send(UnmountContent{"c", record}, 3);
  EXPECT_EQ(node.Run().reason, Reason::kClean);
  EXPECT_THAT(world_.hooks, ElementsAre("/a", "/c", "/b"));
}

// Else a node would be called clean while somebody still has what was content when the attempt began.
TEST_F(ContentTest, WhatWasContentWhenAnAttemptBeganIsLookedForElsewhere) {
  const ContentRecord record = MountImages(1);
  ContentProfile profile;
  profile.types = {"dvs", "cpsfs"};
  world_.elsewhere = "process 77 has a mount namespace of its own";
  world_.elsewhere_type = "cpsfs";
  ContentNode node(world_, profile);
  node.Send(UnmountContent{"c", record});
  node.SetProfile(ContentProfile());
  const Outcome outcome = node.Run();
  EXPECT_EQ(outcome.reason, Reason::kBusy);
  EXPECT_THAT(outcome.detail, HasSubstr("process 77"));
  EXPECT_EQ(Unmount(node, record, 2).reason, Reason::kClean) << "one that begins now asks for less";
}

}  // namespace
}  // namespace muster
