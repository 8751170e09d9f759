#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/executor/content_world.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ContentTest, AnInspectionChangesNothingAndHasTheRecord) {
  world_.AddContent(1);
  ContentNode node(world_);
  node.Send(InspectContent{});
  const Outcome outcome = node.Run();
  EXPECT_EQ(outcome.reason, Reason::kContentMounted);
  EXPECT_EQ(outcome.detail, "4 mounts, 1 of them projected");
  EXPECT_EQ(*outcome.evidence.content, world_.Tree().Record());
  EXPECT_THAT(node.ledger, IsEmpty());
  EXPECT_THAT(node.children, IsEmpty());
}

TEST_F(ContentTest, ANodeWithoutContentIsNoClient) {
  ContentNode node(world_);
  node.Send(InspectContent{});
  EXPECT_EQ(node.Run().reason, Reason::kNotAClient);
  EXPECT_EQ(Unmount(node, {}).state, OutcomeState::kNotApplicable);
  EXPECT_EQ(Remount(node, {}).state, OutcomeState::kNotApplicable);
}

TEST_F(ContentTest, EverythingGoesFromTheTopAndComesFromTheBottom) {
  const ContentRecord record = MountImages(2);
  const std::vector<std::string> before = Mounted();
  ContentNode node(world_);
  const Outcome gone = Unmount(node, record);
  EXPECT_EQ(gone.state, OutcomeState::kSucceeded) << gone.detail;
  EXPECT_EQ(gone.reason, Reason::kClean);
  EXPECT_THAT(Mounted(), IsEmpty());
  const Outcome back = Remount(node, record);
  EXPECT_EQ(back.state, OutcomeState::kSucceeded) << back.detail;
  EXPECT_EQ(Mounted(), before);
  EXPECT_EQ(world_.Tree().Record(), record);
}

TEST_F(ContentTest, WhatIsBusyStaysWithAllThatItNeeds) {
  const ContentRecord record = MountImages(2);
  world_.busy = {"/merged/1"};
  ContentNode node(world_);
  const Outcome outcome = Unmount(node, record);
  EXPECT_EQ(outcome.state, OutcomeState::kFailed);
  EXPECT_EQ(outcome.reason, Reason::kBusy);
  EXPECT_THAT(outcome.detail, HasSubstr("process 77 (vi, uid 1000)"));
  // The kernel would have let go of the layer of the overlay that is in use.
  EXPECT_THAT(Mounted(), ElementsAre("/images/1", "/sq/1", "/merged/1"));
}

TEST_F(ContentTest, WhatIsBusyIsTriedUntilTheTimeIsUp) {
  const ContentRecord record = MountImages(1);
  world_.busy = {"/merged/1"};
  ContentNode node(world_);
  node.Send(UnmountContent{"c", record});
  node.RunToPause();
  world_.busy.clear();
  EXPECT_EQ(node.Run().reason, Reason::kClean);
}

TEST_F(ContentTest, WhatHangsIsToldAndTheRestGoes) {
  const ContentRecord record = MountImages(2);
  world_.hung = {"/images/2"};
  ContentNode node(world_);
  const Outcome outcome = Unmount(node, record);
  EXPECT_EQ(outcome.state, OutcomeState::kTimedOut);
  EXPECT_EQ(outcome.reason, Reason::kHung);
  EXPECT_THAT(Mounted(), ElementsAre("/images/2"));
}

// umount2(2) takes a mount from the table first, and may then hang for as long as its servers are gone.
TEST_F(ContentTest, AnUnmountThatHangsInTheKernelIsNotClean) {
  const ContentRecord record = MountImages(1);
  world_.gone_and_hung = {"/images/1"};
  ContentNode node(world_);
  const Outcome outcome = Unmount(node, record);
  EXPECT_EQ(outcome.reason, Reason::kHung);
  EXPECT_THAT(outcome.detail, HasSubstr("/images/1 is gone from the table"));
  EXPECT_THAT(Mounted(), IsEmpty());
  node.Send(UnmountContent{"c", record}, 2);
  EXPECT_EQ(node.Run().reason, Reason::kHung)
      << "also for the next one, which finds nothing mounted";
  ContentNode other(world_);
  other.Send(InspectContent{});
  EXPECT_EQ(other.Run().reason, Reason::kHung) << "also for who has no record";
  EXPECT_THAT(other.outcome.detail, HasSubstr("an earlier try is still at /images/1"));
  world_.gone_and_hung.clear();
  node.Send(UnmountContent{"c", record}, 3);
  EXPECT_EQ(node.Run().reason, Reason::kClean);
}

TEST_F(ContentTest, ManyThatHangAreToldInTime) {
  for (int i = 1; i <= 20; ++i) {
    world_.AddContent(i);
    world_.hung.insert("/images/" + std::to_string(i));
  }
  const ContentRecord record = Record();
  ContentNode node(world_);
  node.Send(UnmountContent{"c", record}, 1, 60s);
  EXPECT_EQ(node.Run().reason, Reason::kHung);
  EXPECT_LE(node.outcome.evidence.duration, 60s + 5s);
}

TEST_F(ContentTest, ACancelWithinARoundEndsIt) {
  const ContentRecord record = MountImages(2);
  ContentNode node(world_);
  node.Send(UnmountContent{"c", record}, 1, 1h);
  while (Mounted().size() == 8) node.Turn();
  node.Cancel();
  EXPECT_EQ(node.Run().reason, Reason::kPartial);
  EXPECT_EQ(Mounted().size(), 6u) << "the child that had begun ends as it does";
}

TEST_F(ContentTest, OnlyIfTheOperatorSaysSoIsItDetachedAndThenItIsNotClean) {
  const ContentRecord record = MountImages(1);
  world_.busy = {"/merged/1"};
  ContentNode node(world_);
  UnmountContent work{"c", record};
  work.is_lazy = true;
  node.Send(work);
  const Outcome outcome = node.Run();
  EXPECT_EQ(outcome.reason, Reason::kDetached);
  EXPECT_EQ(outcome.state, OutcomeState::kFailed);
  EXPECT_THAT(Mounted(), IsEmpty());
  size_t lazy = 0;
  for (const ChildTask& task : node.children)
    if (const auto* unmount = std::get_if<UnmountOne>(&task)) lazy += unmount->is_lazy ? 1 : 0;
  EXPECT_EQ(lazy, 3u) << "what went without it was not detached";
  // An agent that died in between cannot know what was detached.
  world_.AddContent(1);
  node.Send(work, 2);
  node.RunToPause();
  node.Crash();
  world_.busy.clear();
  EXPECT_EQ(node.Run().reason, Reason::kDetached);
}

TEST_F(ContentTest, WhatIsNotInTheRecordIsNotTouched) {
  const ContentRecord record = MountImages(1);
  world_.AddContent(2);
  ContentNode node(world_);
  const Outcome outcome = Unmount(node, record);
  EXPECT_EQ(outcome.state, OutcomeState::kRefused);
  EXPECT_EQ(outcome.reason, Reason::kNotRecorded);
  EXPECT_THAT(outcome.detail, HasSubstr("/images/2"));
  EXPECT_EQ(Mounted().size(), 8u);
}

TEST_F(ContentTest, WhatIsMountedMeanwhileStays) {
  const ContentRecord record = MountImages(1);
  world_.busy = {"/merged/1"};
  ContentNode node(world_);
  node.Send(UnmountContent{"c", record});
  node.RunToPause();
  world_.AddContent(2);
  world_.busy.clear();
  const Outcome outcome = node.Run();
  EXPECT_EQ(outcome.reason, Reason::kPartial) << outcome.detail;
  EXPECT_EQ(Mounted().size(), 4u);
}

TEST_F(ContentTest, ARootOnContentIsRefused) {
  world_ = MountWorld();
  world_.Add("overlay", "overlay", "/", "rw,lowerdir=/sq");
  world_.Add("dvs", "/var/lib/cps-local/00000000000000000000000000000001", "/sq", "ro");
  ContentNode node(world_);
  node.Send(InspectContent{});
  EXPECT_EQ(node.Run().reason, Reason::kRootOnCps);
  EXPECT_EQ(Unmount(node, {}).state, OutcomeState::kRefused);
  EXPECT_EQ(world_.Table().mounts.size(), 2u);
}

TEST_F(ContentTest, WhatCouldNotBeBroughtBackIsRefused) {
  world_.AddContent(1);
  world_.Add("tmpfs", "tmpfs", "/merged/1/tmp");
  ContentNode node(world_);
  const Outcome outcome = Unmount(node, Record());
  EXPECT_EQ(outcome.reason, Reason::kNotRemountable);
  EXPECT_THAT(outcome.detail, HasSubstr("/merged/1/tmp (tmpfs)"));
}

TEST_F(ContentTest, AnotherMountNamespaceKeepsANodeFromBeingClean) {
  const ContentRecord record = MountImages(1);
  world_.elsewhere = "process 9 (sleep, uid 0) has a mount namespace of its own";
  ContentNode node(world_);
  const Outcome outcome = Unmount(node, record);
  EXPECT_EQ(outcome.reason, Reason::kBusy);
  EXPECT_THAT(outcome.detail, HasSubstr("process 9"));
  node.Send(InspectContent{}, 3);
  EXPECT_EQ(node.Run().reason, Reason::kBusy);
}

TEST_F(ContentTest, NothingIsDoneThatTheLedgerDoesNotKnow) {
  const ContentRecord record = MountImages(1);
  ContentNode node(world_);
  node.is_ledger_broken = true;
  const Outcome outcome = Unmount(node, record);
  EXPECT_EQ(outcome.reason, Reason::kLedger);
  EXPECT_EQ(Mounted().size(), 4u);
}

TEST_F(ContentTest, ACancelEndsItWithHowThingsAre) {
  const ContentRecord record = MountImages(1);
  world_.busy = {"/merged/1"};
  ContentNode node(world_);
  node.Send(UnmountContent{"c", record}, 1, 1h);
  node.RunToPause();
  node.Cancel();
  EXPECT_EQ(node.Run().reason, Reason::kBusy);
}

TEST_F(ContentTest, AfterARebootOnlyTheTableCounts) {
  const ContentRecord record = MountImages(1);
  world_.busy = {"/merged/1"};
  ContentNode node(world_);
  node.Send(UnmountContent{"c", record});
  node.RunToPause();
  node.Boot("boot-2");
  EXPECT_EQ(node.Run().reason, Reason::kInterrupted);
  EXPECT_EQ(Mounted().size(), 3u) << "what the boot has mounted stays";
}

TEST_F(ContentTest, TwoAtOnceAreRefused) {
  const ContentRecord record = MountImages(1);
  world_.busy = {"/merged/1"};
  ContentNode node(world_);
  node.Send(UnmountContent{"c", record}, 1, 1h);
  node.RunToPause();
  node.Send(RemountContent{"c", record}, 2);
  node.Turn();
  EXPECT_EQ(node.outcome.reason, Reason::kAgentBusy);
}

// The agent dies at any moment, with mounts that are busy, hang or fail for a while: at the end of both phases what was mounted is mounted,
// once.
TEST_F(ContentTest, WhateverDiesNothingIsLostOrMountedTwice) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    world_ = MountWorld();
    world_.Add("ext4", "/dev/sda1", "/");
    const int images = 1 + static_cast<int>(random() % 3);
    const ContentRecord record = MountImages(images);
    const std::vector<RecordedMount> before = MountedNow();
    ContentNode node(world_);
    uint32_t attempt = 0;
    const auto run = [&](const auto& send, const auto& is_over) {
      while (!is_over()) {
        ASSERT_LT(++attempt, 100u) << "seed " << seed;
        const std::string target = record.mounts[random() % record.mounts.size()].target;
        (random() % 2 == 0   ? world_.busy
         : random() % 2 == 0 ? world_.hung
                             : world_.failing) = {target};
        send(attempt);
        for (int i = 0; i < 2000 && node.Turn(); ++i) {
          if (random() % 40 == 0) node.Crash();
          if (random() % 20 == 0) world_.busy = world_.hung = world_.failing = {};
        }
        world_.busy = world_.hung = world_.failing = {};
      }
    };
    run(
        [&](uint32_t n) {
          node.Send(UnmountContent{"c", record}, n);
        },
        [&] { return Mounted().empty(); });
    run(
        [&](uint32_t n) {
          node.Send(RemountContent{"c", record}, n);
        },
        [&] { return MountedNow() == before; });
    ASSERT_EQ(MountedNow(), before) << "seed " << seed;
    ASSERT_EQ(world_.Table().mounts.size(), 1 + record.mounts.size()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace muster
