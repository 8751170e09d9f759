// HMNFD's etcd is lost while the nodes are being restarted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/operation/world.h"

namespace muster {
namespace {

class LostAgainTest : public testing::Test {
 protected:
  LostAgainTest() {
    asked_.floor = asked_.ceiling = 1;
    world_.on_rollout = [this](ServiceCall) {
      ++rollouts_;
      if (comes_back_) world_.services.hmnfd = HmnfdProbed::State::kReady;
    };
  }
  // Some are restarted, and then HMNFD has nobody any more.
  void LoseInTheMiddle() {
    world_.Submit(asked_);
    world_.Pass(1min, [this] { return world_.restarted().size() == 2; });
    world_.services.hmnfd = HmnfdProbed::State::kNoHealthKey;
    world_.services.subscribers.clear();
    world_.services.subscribers["x0"] = {"boot-script-service"};
  }

  std::vector<std::string> nodes_ = Names(30);
  World world_{nodes_};
  ResubscriptionSpec asked_ = Asked(nodes_);
  bool comes_back_ = true;
  int rollouts_ = 0;
};

TEST_F(LostAgainTest, ItIsRestartedAndAllAreSubscribed) {
  asked_.restarts_hmnfd = true;
  LoseInTheMiddle();
  world_.Pass(1h, [this] { return world_.is_over(); });
  EXPECT_EQ(world_.status().state, OperationState::kSucceeded);
  EXPECT_EQ(rollouts_, 1);
  EXPECT_EQ(world_.restarts_while_not_ready(), 0u);
  for (const std::string& node : nodes_) EXPECT_TRUE(world_.services.subscribers.contains(node));
}

TEST_F(LostAgainTest, WhoWasProvenBeforeIsNamed) {
  asked_.restarts_hmnfd = true;
  asked_.second_look = 1s;
  world_.Submit(asked_);
  world_.Pass(1min, [this] {
    return !world_.restarted().empty() &&
           world_.TaskOf(*world_.restarted().begin()).state == TaskState::kSucceeded;
  });
  ASSERT_LT(world_.restarted().size(), nodes_.size());
  world_.services.hmnfd = HmnfdProbed::State::kNoHealthKey;
  world_.services.subscribers.clear();
  world_.services.subscribers["x0"] = {"boot-script-service"};
  world_.Pass(1h, [this] { return world_.is_over(); });
  EXPECT_EQ(world_.status().state, OperationState::kFailed);
  EXPECT_THAT(world_.status().detail,
              testing::HasSubstr("that were proven have no subscription any more, " +
                                 *world_.restarted().begin()));
}

TEST_F(LostAgainTest, WhoMayNotRestartItWaits) {
  LoseInTheMiddle();
  world_.Pass(10min);
  EXPECT_FALSE(world_.is_over());
  EXPECT_EQ(rollouts_, 0);
  world_.services.hmnfd = HmnfdProbed::State::kReady;
  world_.Pass(1h, [this] { return world_.is_over(); });
  EXPECT_EQ(world_.status().state, OperationState::kSucceeded);
}

TEST_F(LostAgainTest, TryingHasAnEnd) {
  asked_.restarts_hmnfd = true;
  comes_back_ = false;
  LoseInTheMiddle();
  world_.Pass(20min);
  EXPECT_EQ(rollouts_, kMaxHmnfdRestarts);
  EXPECT_EQ(world_.NotesWith("deployment/cray-hmnfd was restarted"), 3u);
}

TEST_F(LostAgainTest, WhatKubectlSaysIsTold) {
  asked_.restarts_hmnfd = true;
  LoseInTheMiddle();
  world_.services.rollout = absl::NotFoundError("kubectl is not installed");
  world_.Pass(10min);
  EXPECT_EQ(world_.NotesWith("deployment/cray-hmnfd was not restarted: kubectl is not installed"),
            3u);
  EXPECT_FALSE(world_.is_over()) << "it may come back by itself";
}

}  // namespace
}  // namespace muster
