// An operation that resubscribes five nodes, in a world of its own.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/controller/operation/world.h"

namespace muster {

class ResubscriptionTest : public testing::Test {
 protected:
  // Until it is over, or for an hour.
  void RunToEnd(Duration most = 1h) {
    world_.Pass(most, [this] { return world_.is_over(); });
    EXPECT_TRUE(world_.is_over());
  }
  std::vector<OperationState> Steps() const {
    std::vector<OperationState> states;
    for (const OperationStep& step : world_.status().steps) states.push_back(step.state);
    return states;
  }
  const std::string& Detail(size_t step) const { return world_.status().steps[step].detail; }
  OperationState State(size_t step) const { return world_.status().steps[step].state; }
  void SubscribeAll() {
    for (const std::string& node : nodes_) world_.services.subscribers[node] = {"orca"};
  }
  void WaitForStep(size_t step) {
    world_.Pass(1h, [&] { return State(step) == OperationState::kRunning; });
    ASSERT_EQ(State(step), OperationState::kRunning);
  }

  static constexpr auto kReady = HmnfdProbed::State::kReady;
  static constexpr auto kNotReady = HmnfdProbed::State::kNotReady;
  static constexpr auto kDone = OperationState::kSucceeded;
  static constexpr auto kBad = OperationState::kFailed;
  static constexpr auto kLeft = OperationState::kCancelled;

  std::vector<std::string> nodes_ = Names(5);
  World world_{nodes_};
  ResubscriptionSpec asked_ = Asked(nodes_);
};

}  // namespace muster
