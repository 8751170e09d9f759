// The story of an operation: targets, nodes, what is written down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/operation/resubscription_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// ---- it goes well

TEST_F(ResubscriptionTest, EveryNodeIsRestartedAndShownToBeSubscribed) {
  const World::Answer answer = world_.Submit(asked_);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(**answer, "o1");
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_THAT(Steps(), ElementsAre(kDone, kDone, kDone, kDone, kDone));
  EXPECT_EQ(Detail(Resubscription::kHmnfd), "ready");
  EXPECT_EQ(Detail(Resubscription::kTargets), "0 of 5 nodes are subscribed, 5 will be restarted");
  EXPECT_EQ(Detail(Resubscription::kNodes), "5 of 5 tasks succeeded");
  EXPECT_EQ(Detail(Resubscription::kOthers), "BSS is subscribed, and HMNFD is at HSM");
  EXPECT_EQ(world_.status().steps[Resubscription::kNodes].job, "j1");
  EXPECT_EQ(world_.status().detail, Detail(Resubscription::kNodes));
  EXPECT_TRUE(world_.status().ended.has_value());
  EXPECT_THAT(world_.restarted(), SizeIs(5));
  for (const std::string& node : nodes_) {
    EXPECT_EQ(world_.TaskOf(node).state, TaskState::kSucceeded);
    EXPECT_EQ(world_.TaskOf(node).reason, Reason::kSubscribed);
  }
  EXPECT_EQ(world_.CallsOf(ServiceCall::kRestartHmnfd), 0u);
  EXPECT_EQ(world_.CallsOf(ServiceCall::kRestartBss), 0u);
}

TEST_F(ResubscriptionTest, ItsJobSaysWhoMadeIt) {
  world_.Submit(asked_);
  WaitForStep(Resubscription::kNodes);
  const JobSpec& job = world_.store().jobs().at("j1").spec;
  EXPECT_EQ(job.operation, "o1");
  EXPECT_TRUE(job.is_guided);
  EXPECT_EQ(job.created_by, "alice");
  EXPECT_EQ(job.policy, asked_.policy);
}

TEST_F(ResubscriptionTest, WithNobodyMissingThereIsNoJob) {
  SubscribeAll();
  asked_.only_missing = true;
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_EQ(Detail(Resubscription::kTargets), "5 of 5 nodes are subscribed, 0 will be restarted");
  EXPECT_EQ(Detail(Resubscription::kNodes), "nothing to do");
  EXPECT_THAT(world_.store().jobs(), IsEmpty());
  EXPECT_THAT(world_.restarted(), IsEmpty());
  EXPECT_EQ(State(Resubscription::kOthers), kDone) << "the others are looked at";
}

TEST_F(ResubscriptionTest, OnlyWhoIsMissingIsRestarted) {
  SubscribeAll();
  world_.services.subscribers.erase(nodes_[3]);
  asked_.only_missing = true;
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_THAT(world_.restarted(), ElementsAre(nodes_[3]));
}

TEST_F(ResubscriptionTest, WhoIsSubscribedAlreadyIsRestartedAndItIsToldWhatThatShows) {
  SubscribeAll();
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_THAT(world_.restarted(), SizeIs(5));
  EXPECT_THAT(Detail(Resubscription::kTargets), HasSubstr("a subscription has no time"));
}

TEST_F(ResubscriptionTest, WithABaselineEveryAgentOfItMustBeBack) {
  asked_.baseline[nodes_[0]] = {"orca", "other"};
  asked_.policy.retries = 0;
  asked_.policy.max_failures = {5, {}};
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_EQ(world_.TaskOf(nodes_[0]).reason, Reason::kNotSubscribed);
  EXPECT_THAT(world_.TaskOf(nodes_[0]).detail, HasSubstr("of other"));
  EXPECT_EQ(world_.TaskOf(nodes_[1]).state, TaskState::kSucceeded) << "of whom any is enough";
}

// ---- the list

TEST_F(ResubscriptionTest, AListThatCannotBeReadIsToldOnceAndReadAgain) {
  world_.services.list = absl::UnavailableError("503 from the gateway");
  world_.Submit(asked_);
  world_.Pass(1min);
  EXPECT_EQ(Detail(Resubscription::kTargets), "waiting: 503 from the gateway");
  EXPECT_EQ(world_.NotesWith("HMNFD's list cannot be read: 503 from the gateway"), 1u);
  world_.services.list = absl::OkStatus();
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_EQ(world_.NotesWith("HMNFD's list can be read again"), 1u);
}

TEST_F(ResubscriptionTest, WhileTheListCannotBeReadNobodyIsJudged) {
  world_.Submit(asked_);
  WaitForStep(Resubscription::kNodes);
  world_.services.list = absl::UnavailableError("503");
  world_.Pass(5min);
  EXPECT_EQ(world_.TaskOf(nodes_[0]).state, TaskState::kVerifying);
  world_.services.list = absl::OkStatus();
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
}

// ---- nodes

TEST_F(ResubscriptionTest, ADroppedSubscriptionIsBroughtBackByAnotherRestart) {
  world_.on_restart = [this](const std::string& node, uint32_t attempt) {
    world_.services.subscribers[node] = {"orca"};
    if (node == nodes_[0] && attempt == 1)
      world_.At(12s, [this] { world_.services.subscribers.erase(nodes_[0]); });
    return Restarted{};
  };
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_EQ(world_.TaskOf(nodes_[0]).attempt, 2u);
  EXPECT_THAT(world_.TaskOf(nodes_[0]).detail, HasSubstr("ended VANISHED"));
  EXPECT_EQ(world_.TaskOf(nodes_[1]).attempt, 1u);
}

TEST_F(ResubscriptionTest, ANodeThatNeverSubscribesFailsAndTheOthersAreStillLookedAt) {
  asked_.policy.max_failures = {5, {}};
  world_.on_restart = [this](const std::string& node, uint32_t) {
    if (node != nodes_[0]) world_.services.subscribers[node] = {"orca"};
    return Restarted{};
  };
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_THAT(Steps(), ElementsAre(kDone, kDone, kDone, kBad, kDone));
  EXPECT_EQ(world_.TaskOf(nodes_[0]).attempt, 4u);
  EXPECT_EQ(world_.TaskOf(nodes_[0]).reason, Reason::kNotSubscribed);
  EXPECT_EQ(world_.status().detail, "nodes restarted and subscribed: 4 of 5 tasks succeeded");
}

TEST_F(ResubscriptionTest, IfNoJobCanBeMadeItSaysSo) {
  World world(nodes_);
  world.engine_config.max_active_tasks = 3;
  world.RestartController();
  world.Submit(asked_);
  world.Pass(5min, [&] { return world.is_over(); });
  EXPECT_EQ(world.status().state, kBad);
  EXPECT_THAT(world.status().steps[Resubscription::kNodes].detail,
              HasSubstr("no job could be made"));
  EXPECT_THAT(world.store().jobs(), IsEmpty());
}

// ---- bounds

TEST_F(ResubscriptionTest, TheNewestNotesAreKept) {
  world_.Submit(asked_);
  WaitForStep(Resubscription::kTargets);
  for (int i = 0; i < 500; ++i) {
    const bool is_good = i == 499;
    world_.Take({ServiceNews{
        "o1", SubscribersListed{world_.now(), absl::UnavailableError(fmt::format("no {}", i))}}});
    if (is_good) break;
  }
  EXPECT_THAT(world_.status().notes, SizeIs(kMaxNotes));
  EXPECT_THAT(world_.status().notes.back().text, HasSubstr("no 499"));
  EXPECT_THAT(world_.status().notes.front().text, HasSubstr("no 300"));
}

TEST_F(ResubscriptionTest, WhatDoesNotChangeIsNotWritten) {
  world_.services.hmnfd = kNotReady;
  world_.Submit(asked_);
  world_.Pass(10s);
  const size_t written = world_.store().history().size();
  world_.Pass(5min);
  EXPECT_EQ(world_.store().history().size(), written);
}

}  // namespace
}  // namespace muster
