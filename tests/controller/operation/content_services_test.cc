// Phases that ask CPS who serves it, and have BOS shut down and boot nodes.
#include <gmock/gmock.h>

#include <random>

#include "controller/operation/bos_wait.h"
#include "controller/operation/content_gate.h"
#include "tests/controller/operation/content_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ContentServicesTest : public ContentPhaseTest {
 protected:
  const OperationStatus& Run(const ContentSpec& phase, const std::string& id = "o1") {
    EXPECT_TRUE(world_.Submit(phase, id)->ok());
    world_.Pass(3h, [this, id] { return IsTerminal(world_.status(id).state); });
    return world_.status(id);
  }
  static std::vector<OperationState> StatesOf(const OperationStatus& status) {
    std::vector<OperationState> states;
    for (const OperationStep& step : status.steps) states.push_back(step.state);
    return states;
  }
  // x1 and x2 serve content, among others.
  void ServersAre(std::vector<std::string> servers) {
    world_.services.cps_servers = std::move(servers);
    unmount_.min_servers = remount_.min_servers = 2;
    unmount_.servers_job = "servers";
  }
  void RootIsOnContent(const std::string& node) {
    record_ends_[node] = {OutcomeState::kRefused, Reason::kRootOnCps, "its root", {}};
    unmount_.bos_template = remount_.bos_template = "compute";
  }

  static constexpr auto kDone = OperationState::kSucceeded;
  static constexpr auto kFailed = OperationState::kFailed;
  static constexpr auto kCancelled = OperationState::kCancelled;
};

// ---- workers that serve CPS

TEST_F(ContentServicesTest, WhoServesComesLastAndNeverAllAtOnce) {
  ServersAre({"w9", "x1", "x2", "x4"});
  // Four serve and two must go on: two at once.
  size_t at_work = 0;
  size_t most = 0;
  const auto work = world_.on_content;
  world_.on_content = [&](const Command& command) {
    const bool is_unmount = std::holds_alternative<UnmountContent>(command.work);
    if (is_unmount) {
      most = std::max(most, ++at_work);
      world_.At(1s, [&at_work] { --at_work; });
    }
    return work(command);
  };
  const OperationStatus& status = Run(unmount_);
  EXPECT_EQ(status.state, kDone) << status.detail;
  EXPECT_THAT(NodesOf("servers"), ElementsAre("x1", "x2", "x4"));
  EXPECT_FALSE(world_.store().jobs().contains("unmount")) << "nobody else has content";
  EXPECT_EQ(world_.store().jobs().at("servers").spec.policy.max_parallel, 2u);
  EXPECT_EQ(most, 2u);
  EXPECT_EQ(status.steps[1].detail, "4 workers serve CPS: w9,x[1-2,4]");
}

TEST_F(ContentServicesTest, TheOthersAreUnmountedAllTheSame) {
  ServersAre({"w8", "w9", "x1"});
  EXPECT_EQ(Run(unmount_).state, kDone);
  EXPECT_THAT(NodesOf("unmount"), ElementsAre("x2", "x4"));
  EXPECT_THAT(NodesOf("servers"), ElementsAre("x1"));
}

TEST_F(ContentServicesTest, IfTooFewServeNoneOfThemIsTaken) {
  ServersAre({"x1", "x2"});
  const OperationStatus& status = Run(unmount_);
  EXPECT_THAT(StatesOf(status), ElementsAre(kDone, kDone, kDone, kFailed));
  EXPECT_THAT(status.detail, HasSubstr("2 workers serve CPS: x[1-2]; 2 have to go on beside each"));
  EXPECT_THAT(NodesOf("unmount"), ElementsAre("x4"));
  EXPECT_FALSE(world_.store().jobs().contains("servers"));
}

TEST_F(ContentServicesTest, WithoutAnAnswerOfCpsNothingIsUnmounted) {
  ServersAre({});
  world_.services.cps_servers = absl::UnavailableError("GET http://cps/contents: HTTP 503");
  const OperationStatus& status = Run(unmount_);
  EXPECT_THAT(StatesOf(status), ElementsAre(kDone, kFailed, kCancelled, kCancelled));
  EXPECT_THAT(status.detail, HasSubstr("the last was: GET http://cps/contents: HTTP 503. "
                                       "--cps-servers says how many"));
  EXPECT_FALSE(world_.store().jobs().contains("unmount"));
}

TEST_F(ContentServicesTest, NothingIsMountedBeforeCpsIsReady) {
  ServersAre({"w1"});
  ASSERT_TRUE(world_.Submit(remount_, "o1")->ok());
  world_.Pass(5min);
  EXPECT_EQ(world_.status().steps[0].detail, "1 worker serves CPS: w1; 2 have to");
  EXPECT_TRUE(remounted_.empty());
  world_.services.cps_servers = std::vector<std::string>{"w1", "w2"};
  RunToEnd("o1");
  EXPECT_EQ(world_.status().state, kDone) << world_.status().detail;
  EXPECT_THAT(remounted_, SizeIs(4));
}

// ---- BOS

TEST_F(ContentServicesTest, WhoseRootIsOnContentIsShutDownAndBooted) {
  RootIsOnContent("x2");
  const OperationStatus& status = Run(unmount_);
  EXPECT_EQ(status.state, kDone) << status.detail;
  EXPECT_EQ(status.steps.back().detail, "1 of 1 shut down");
  ASSERT_THAT(world_.bos_sessions(), SizeIs(1));
  const BosSession& off = world_.bos_sessions().begin()->second;
  EXPECT_THAT(off.nodes, ElementsAre("x2"));
  EXPECT_EQ(off.template_name, "compute");
  EXPECT_FALSE(off.is_boot);
  remount_.rooted = {"x2"};
  EXPECT_EQ(Run(remount_, "o2").state, kDone);
  EXPECT_THAT(NodesOf("remount"), ElementsAre("x1", "x3", "x4")) << "x2 is off";
  EXPECT_THAT(world_.bos_sessions(), SizeIs(2));
}

TEST_F(ContentServicesTest, ASessionThatIsCompleteIsNoSuccess) {
  RootIsOnContent("x1");
  RootIsOnContent("x2");
  world_.on_look_at_bos = [](const BosSession&) {
    return BosProgress{true, 1, {{"x2", "the BMC says no"}}, {}};
  };
  const OperationStatus& status = Run(unmount_);
  EXPECT_THAT(StatesOf(status), ElementsAre(kDone, kDone, kFailed));
  EXPECT_THAT(status.detail,
              HasSubstr("is complete, but 1 of 2 shut down; 1 failed: x2; x2: the BMC says no"));
}

TEST_F(ContentServicesTest, ItIsFollowedUntilItIsComplete) {
  RootIsOnContent("x1");
  int looks = 0;
  world_.on_look_at_bos = [&](const BosSession&) -> absl::StatusOr<BosProgress> {
    if (++looks == 2) return absl::UnavailableError("HTTP 503");
    return looks < 4 ? BosProgress{false, 0, {}, {{"powering off", 1}}}
                     : BosProgress{true, 1, {}, {}};
  };
  EXPECT_EQ(Run(unmount_).state, kDone);
  EXPECT_EQ(looks, 4);
  bool was_told = false;
  for (const OperationStatus& status : world_.store().history())
    was_told = was_told || status.steps.back().detail.ends_with("0 of 1 shut down, 1 powering off");
  EXPECT_TRUE(was_told);
}

TEST_F(ContentServicesTest, WhatBosRefusesIsItsWord) {
  RootIsOnContent("x1");
  world_.services.bos_session =
      absl::InvalidArgumentError("POST …/sessions: HTTP 400, no template");
  const OperationStatus& status = Run(unmount_);
  EXPECT_THAT(status.detail, HasSubstr("HTTP 400, no template"));
  EXPECT_EQ(world_.CallsOf(ServiceCall::kMakeBosSession), 1u);
}

TEST_F(ContentServicesTest, AnOperatorWhoCancelsIsToldThatBosGoesOn) {
  RootIsOnContent("x1");
  world_.on_look_at_bos = [](const BosSession&) { return BosProgress{false, 0, {}, {}}; };
  ASSERT_TRUE(world_.Submit(unmount_, "o1")->ok());
  world_.Pass(10min, [this] { return world_.CallsOf(ServiceCall::kLookAtBosSession) > 0; });
  ASSERT_TRUE(world_.Cancel("o1")->ok());
  RunToEnd("o1");
  EXPECT_EQ(world_.status().state, kCancelled);
  EXPECT_THAT(world_.status().steps.back().detail,
              HasSubstr("BOS goes on with its session muster-"));
}

TEST_F(ContentServicesTest, AlsoWhoCancelsBeforeBosHasAnswered) {
  RootIsOnContent("x1");
  world_.services.bos_session = absl::UnavailableError("HTTP 503");
  ASSERT_TRUE(world_.Submit(unmount_, "o1")->ok());
  world_.Pass(10min, [this] { return world_.CallsOf(ServiceCall::kMakeBosSession) > 0; });
  world_.RestartController();
  ASSERT_TRUE(world_.Cancel("o1")->ok());
  RunToEnd("o1");
  EXPECT_THAT(world_.status().steps.back().detail, HasSubstr("BOS may go on with its session"));
}

TEST_F(ContentServicesTest, ABosThatNeverEndsIsGivenUp) {
  RootIsOnContent("x1");
  world_.on_look_at_bos = [](const BosSession&) { return BosProgress{false, 0, {}, {}}; };
  EXPECT_THAT(Run(unmount_).detail, HasSubstr("given up after 75 min"));
}

TEST_F(ContentServicesTest, NobodyIsShutDownAfterAJobThatWasStopped) {
  RootIsOnContent("x1");
  unmount_.policy.max_parallel = 1;
  ends_["x2"] = {OutcomeState::kFailed, Reason::kBusy, "busy", {}};
  const OperationStatus& status = Run(unmount_);
  EXPECT_THAT(StatesOf(status), ElementsAre(kDone, kFailed, kCancelled));
  EXPECT_THAT(world_.bos_sessions(), IsEmpty());
}

// ---- whatever dies

TEST_F(ContentServicesTest, WhateverDiesBothPhasesGoOn) {
  ServersAre({"w9", "x4", "x5"});
  RootIsOnContent("x1");
  for (uint32_t seed = 0; seed < 60; ++seed) {
    World world({"x1", "x2", "x3", "x4"});
    std::mt19937 random(seed);
    Time last = world.now();
    world.services.cps_servers = world_.services.cps_servers;
    world.on_content = [this](const Command& command) { return Do(command, nullptr); };
    world.on_batch = [&] {
      // The agents take a moment to come back.
      if (world.now() - last < 1s || random() % 4 != 0) return World::Crash::kNone;
      last = world.now();
      return random() % 2 == 0 ? World::Crash::kBeforeCommit : World::Crash::kBeforeDeliver;
    };
    remount_.rooted = {"x1"};
    for (const auto& [phase, id] : {std::pair(unmount_, "o1"), std::pair(remount_, "o2")}) {
      for (int i = 0; i < 20 && !world.store().operations().contains(id); ++i)
        world.Submit(phase, id);
      world.Pass(3h, [&, id = id] { return IsTerminal(world.status(id).state); });
      ASSERT_EQ(world.status(id).state, kDone)
          << "seed " << seed << ": " << world.status(id).detail;
    }
    ASSERT_THAT(world.bos_sessions(), SizeIs(2)) << seed;
    ASSERT_THAT(world.bos_sessions().begin()->second.nodes, ElementsAre("x1")) << seed;
    ASSERT_EQ(world.store().jobs().at("unmount").tasks.size(), 1u) << seed;
    ASSERT_EQ(world.store().jobs().at("servers").tasks.size(), 1u) << seed;
  }
}

// ---- the gate

TEST(ContentGate, WhomBosBootsIsMountedWhenItIsBackAndNotBefore) {
  Task task;
  task.node = "x1";
  task.state = TaskState::kRefused;
  task.reason = Reason::kRootOnCps;
  NodeNow now{.is_attached = true, .is_off = false, .booted = kBegin, .mounted_time = kBegin};
  const auto see = [&](Time booted) {
    ContentGate gate;
    gate.OnRecord(task);
    gate.OnBoot("x1", kBegin + 1h);
    now.booted = booted;
    gate.See("x1", now);
    return gate.nodes().at("x1");
  };
  EXPECT_EQ(see(kBegin).state, ContentState::kRootOnCps);
  EXPECT_THAT(see(kBegin).detail, HasSubstr("has not booted since"));
  EXPECT_EQ(see(kBegin + 2h).state, ContentState::kMounted);
  now.is_attached = false;
  EXPECT_THAT(see(kBegin + 2h).detail, HasSubstr("its agent is not back"));
}

}  // namespace
}  // namespace muster
