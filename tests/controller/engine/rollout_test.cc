// What the policy of a job does to the order and the number of its starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/engine/engine_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RolloutTest : public EngineTest {
 protected:
  // Nodes x1000c0s0b0n0 … of `cabinets` cabinets, all attached.
  void AttachNodes(int cabinets, int in_each) {
    for (int cabinet = 0; cabinet < cabinets; ++cabinet) {
      for (int node = 0; node < in_each; ++node) {
        nodes_.push_back("x" + std::to_string(1000 + cabinet) + "c0s" + std::to_string(node) +
                         "b0n0");
        sessions_[nodes_.back()] = Attach(nodes_.back());
      }
    }
  }
  void Report(const std::string& node, const Outcome& outcome, uint32_t attempt = 1) {
    Report_(sessions_.at(node), "j", node, outcome, attempt);
  }
  std::vector<const Command*> Commands() const {
    std::vector<const Command*> commands;
    for (const Send& send : actions_.sends) {
      if (const auto* command = std::get_if<Command>(&send.message)) commands.push_back(command);
    }
    return commands;
  }
  uint32_t Count(TaskState state) {
    uint32_t count = 0;
    for (const Task& task : stored_.at("j").tasks) count += task.state == state ? 1 : 0;
    return count;
  }
  const std::string& Detail() { return stored_.at("j").status.detail; }

  std::vector<std::string> nodes_;
  std::map<std::string, SessionId> sessions_;
};

TEST_F(RolloutTest, TheRateSpreadsStartsOverTime) {
  AttachNodes(1, 10);
  Submit("j", nodes_, {.rate = {2, 1s}});
  EXPECT_THAT(Commands(), SizeIs(1)) << "a new job begins with one token";
  Pass(499ms);
  EXPECT_THAT(Commands(), IsEmpty());
  Pass(1ms);
  EXPECT_THAT(Commands(), SizeIs(1));
  size_t started = 0;
  while (engine_->NextDeadline() && now_ < kStart + 4s) {
    Pass(*engine_->NextDeadline() - now_);
    started += Commands().size();
  }
  EXPECT_EQ(started, 7u) << "at 1.0, 1.5 … 4.0 s";
}

TEST_F(RolloutTest, ARestartedControllerKeepsTheRate) {
  AttachNodes(1, 4);
  Submit("j", nodes_, {.rate = {1, 1min}});
  now_ += 10s;
  Restart();
  for (const std::string& node : nodes_) {
    Hello hello = HelloOf(node);
    if (node == nodes_[0]) hello.held = {{TaskName("j", node), 1}};
    Attach(hello);
    EXPECT_THAT(Commands(), IsEmpty());
  }
  Pass(49s);
  EXPECT_THAT(Commands(), IsEmpty());
  Pass(1s);
  EXPECT_THAT(Commands(), SizeIs(1)) << "one minute after the start before";
}

TEST_F(RolloutTest, TheRampDoublesWhatRunsAtOnce) {
  AttachNodes(1, 20);
  Submit("j", nodes_, {.max_parallel = 6, .ramp = true});
  std::vector<size_t> waves;
  std::vector<std::string> running = NodesOf<Command>();
  while (!running.empty()) {
    waves.push_back(running.size());
    std::vector<std::string> next;
    for (const std::string& node : running) {
      Report(node, Succeeded());
      for (const std::string& started : NodesOf<Command>()) next.push_back(started);
    }
    running = next;
  }
  EXPECT_THAT(waves, ElementsAre(1, 2, 4, 6, 6, 1));
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(RolloutTest, CanariesComeFromDifferentCabinetsAndGoAlone) {
  AttachNodes(3, 10);
  Submit("j", nodes_, {.canary = CountOrPercent{3, {}}, .min_healthy = 30s});
  const std::vector<std::string> canaries = NodesOf<Command>();
  ASSERT_THAT(canaries, SizeIs(3));
  std::set<std::string> cabinets;
  for (const std::string& node : canaries) cabinets.insert(node.substr(0, 5));
  EXPECT_THAT(cabinets, SizeIs(3));
  for (const Command* command : Commands()) {
    EXPECT_EQ(std::get<RestartUnit>(command->work).settle, 30s) << "it must hold for min_healthy";
  }
  Report(canaries[0], Succeeded());
  Report(canaries[1], Succeeded());
  EXPECT_THAT(Commands(), IsEmpty());
  Report(canaries[2], Succeeded());
  EXPECT_THAT(Commands(), SizeIs(27));
  EXPECT_EQ(std::get<RestartUnit>(Commands()[0]->work).settle, 5s);
}

TEST_F(RolloutTest, AFailedCanaryStopsTheJob) {
  AttachNodes(2, 5);
  Submit("j", nodes_, {.canary = CountOrPercent{2, {}}, .max_failures = {5, {}}});
  const std::vector<std::string> canaries = NodesOf<Command>();
  Report(canaries[0], Failed());
  EXPECT_EQ(Count(TaskState::kCancelled), 8u);
  EXPECT_EQ(TaskOf("j", nodes_.back()).reason, Reason::kMaxFailures);
  EXPECT_EQ(StateOf("j"), JobState::kRunning) << "the other canary runs on";
  Report(canaries[1], Succeeded());
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_THAT(Detail(), HasSubstr("a canary failed"));
}

TEST_F(RolloutTest, ACanaryThatProvesNothingIsReplaced) {
  AttachNodes(1, 4);
  Submit("j", nodes_, {.canary = CountOrPercent{1, {}}});
  ASSERT_THAT(NodesOf<Command>(), SizeIs(1));
  Report(NodesOf<Command>()[0], {OutcomeState::kNotApplicable, Reason::kNoOrcaUnit, "", {}});
  ASSERT_THAT(NodesOf<Command>(), SizeIs(1)) << "the next one is tried";
  Report(NodesOf<Command>()[0], Succeeded());
  EXPECT_THAT(NodesOf<Command>(), SizeIs(2));
}

TEST_F(RolloutTest, CanariesAreNodesThatAreThere) {
  AttachNodes(1, 4);
  Step(SessionDown{sessions_.at(nodes_[0]), nodes_[0]});
  Submit("j", nodes_, {.canary = CountOrPercent{2, {}}});
  EXPECT_THAT(NodesOf<Command>(), SizeIs(2));
  EXPECT_THAT(NodesOf<Command>(), testing::Not(testing::Contains(nodes_[0])));
}

TEST_F(RolloutTest, TheStageOfTheCanariesSurvivesARestart) {
  AttachNodes(1, 4);
  Submit("j", nodes_, {.canary = CountOrPercent{2, {}}});
  const std::vector<std::string> canaries = NodesOf<Command>();
  Report(canaries[0], Succeeded());
  Restart();
  for (const std::string& node : nodes_) {
    Hello hello = HelloOf(node);
    if (node == canaries[1]) hello.held = {{TaskName("j", node), 1}};
    sessions_[node] = Attach(hello);
    EXPECT_THAT(Commands(), IsEmpty()) << node;
  }
  Report(canaries[1], Succeeded());
  EXPECT_THAT(Commands(), SizeIs(2));
}

TEST_F(RolloutTest, MoreFailuresThanAllowedStopStarts) {
  AttachNodes(1, 20);
  Submit("j", nodes_, {.max_parallel = 3});  // 10 % of 20 are 2
  std::vector<std::string> running = NodesOf<Command>();
  Report(running[0], Failed());
  ASSERT_THAT(NodesOf<Command>(), SizeIs(1));
  const std::string fourth = NodesOf<Command>()[0];
  Report(running[1], {OutcomeState::kTimedOut, Reason::kJobRunning, "", {}});
  EXPECT_THAT(Commands(), SizeIs(1)) << "two are as many as may fail";
  Report(NodesOf<Command>()[0], Failed());
  EXPECT_THAT(Commands(), IsEmpty());
  EXPECT_EQ(Count(TaskState::kCancelled), 15u);
  EXPECT_EQ(StateOf("j"), JobState::kRunning) << "what runs finishes";
  Report(running[2], Succeeded());
  Report(fourth, Succeeded());
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(Detail(),
            "stopped: 3 of 20 nodes failed, more than the 2 that may; 2 of 20 tasks succeeded");
}

TEST_F(RolloutTest, WhyAJobWasStoppedIsNotForgotten) {
  AttachNodes(1, 6);
  Submit("j", nodes_, {.max_parallel = 2, .max_failures = {0, {}}});
  const std::vector<std::string> running = NodesOf<Command>();
  Report(running[0], Failed());
  const std::string stopped = "stopped: 1 of 6 nodes failed, more than the 0 that may";
  ASSERT_EQ(Detail(), stopped);
  Step(JobActionRequested{9, JobAction::kPause, "j", "alice"});
  ASSERT_THAT(actions_.replies, SizeIs(1));
  const absl::StatusOr<std::string>& answer = actions_.replies[0].job;
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(answer.status().message(),
            "jobs/j starts nothing more, it is " + stopped + "; what runs cannot be paused");
  Step(JobActionRequested{10, JobAction::kCancel, "j", "alice"});
  EXPECT_EQ(Detail(), stopped + "; cancelled by alice");
}

TEST_F(RolloutTest, WhatIsNoFailureStopsNothing) {
  AttachNodes(1, 6);
  Submit("j", nodes_, {.max_parallel = 1, .max_failures = {0, {}}});
  for (const OutcomeState state : {OutcomeState::kRefused, OutcomeState::kNotApplicable,
                                   OutcomeState::kCancelled, OutcomeState::kExpired}) {
    ASSERT_THAT(NodesOf<Command>(), SizeIs(1));
    Report(NodesOf<Command>()[0], {state, Reason::kNone, "", {}});
  }
  EXPECT_THAT(NodesOf<Command>(), SizeIs(1));
}

TEST_F(RolloutTest, SinceTravelsAsAnAge) {
  AttachNodes(1, 1);
  Submit("j", nodes_, {.since = now_ - 1min});
  ASSERT_THAT(Commands(), SizeIs(1));
  EXPECT_EQ(std::get<RestartUnit>(Commands()[0]->work).satisfied_age, 1min);
  EXPECT_THAT(Commands()[0]->required_features,
              ElementsAre(kRestartUnitFeature, kRestartSinceFeature));
}

TEST_F(RolloutTest, AnAgentThatDoesNotKnowSinceIsNotAsked) {
  Hello hello = HelloOf("a");
  hello.features = {kRestartUnitFeature};
  Attach(hello);
  Submit("j", {"a"}, {.since = now_ - 1min});
  EXPECT_THAT(Commands(), IsEmpty());
  EXPECT_EQ(TaskOf("j", "a").reason, Reason::kUnsupported);
}

}  // namespace
}  // namespace muster
