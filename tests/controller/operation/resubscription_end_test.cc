// An operation that is cancelled, or whose controller is started again, at each of its steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/operation/resubscription_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// ---- cancelled

TEST_F(ResubscriptionTest, CancelledWhileItWaitsForHmnfd) {
  world_.services.hmnfd = kNotReady;
  world_.Submit(asked_);
  world_.Pass(10s);
  EXPECT_EQ(**world_.Cancel(), "o1");
  EXPECT_EQ(world_.status().state, OperationState::kCancelled);
  EXPECT_THAT(Steps(), ElementsAre(kDone, kLeft, kLeft, kLeft, kLeft));
  EXPECT_EQ(world_.NotesWith("cancelled by alice"), 1u);
  world_.services.hmnfd = kReady;
  world_.Pass(1min);
  EXPECT_THAT(world_.restarted(), IsEmpty());
}

TEST_F(ResubscriptionTest, CancelledWhileItAsksWhoIsMissing) {
  world_.services.list = absl::UnavailableError("503");
  world_.Submit(asked_);
  WaitForStep(Resubscription::kTargets);
  world_.Cancel();
  EXPECT_THAT(Steps(), ElementsAre(kDone, kDone, kLeft, kLeft, kLeft));
  EXPECT_EQ(world_.status().state, OperationState::kCancelled);
}

TEST_F(ResubscriptionTest, CancelledWhileNodesAreRestartedWhatRunsIsStillProven) {
  asked_.floor = asked_.ceiling = 1;
  world_.Submit(asked_);
  world_.Pass(1min, [this] { return world_.restarted().size() == 2; });
  world_.Cancel();
  EXPECT_EQ(world_.status().state, OperationState::kRunning);
  world_.Cancel();  // twice is as once
  EXPECT_EQ(world_.NotesWith("cancelled by alice"), 1u);
  RunToEnd();
  EXPECT_EQ(world_.status().state, OperationState::kCancelled);
  EXPECT_THAT(Steps(), ElementsAre(kDone, kDone, kDone, kLeft, kLeft));
  EXPECT_THAT(world_.restarted(), SizeIs(2));
  for (const std::string& node : nodes_) {
    EXPECT_EQ(world_.TaskOf(node).state,
              world_.restarted().contains(node) ? TaskState::kSucceeded : TaskState::kCancelled);
  }
}

TEST_F(ResubscriptionTest, CancelledWhileItLooksAtTheOthers) {
  world_.services.subscribers.erase("x0");
  asked_.restarts_bss = true;
  world_.Submit(asked_);
  WaitForStep(Resubscription::kOthers);
  world_.Cancel();
  EXPECT_EQ(world_.status().state, OperationState::kCancelled);
  EXPECT_THAT(Steps(), ElementsAre(kDone, kDone, kDone, kDone, kLeft));
}

// Whoever cancels the job means the operation that cannot go on without it.
TEST_F(ResubscriptionTest, CancellingItsJobCancelsIt) {
  asked_.floor = asked_.ceiling = 1;
  world_.Submit(asked_);
  world_.Pass(1min, [this] { return world_.restarted().size() == 2; });
  world_.ActOnJob(JobAction::kCancel);
  RunToEnd();
  EXPECT_EQ(world_.status().state, OperationState::kCancelled);
  EXPECT_THAT(Steps(), ElementsAre(kDone, kDone, kDone, kLeft, kLeft));
}

TEST_F(ResubscriptionTest, PausingItsJobHoldsIt) {
  asked_.floor = asked_.ceiling = 1;
  world_.Submit(asked_);
  world_.Pass(1min, [this] { return world_.restarted().size() == 2; });
  world_.ActOnJob(JobAction::kPause);
  world_.Pass(10min);
  EXPECT_THAT(world_.restarted(), SizeIs(2));
  world_.ActOnJob(JobAction::kResume);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
}

// ---- the controller is started again

TEST_F(ResubscriptionTest, StartedAgainWhileItWaitsForHmnfd) {
  world_.services.hmnfd = kNotReady;
  world_.Submit(asked_);
  world_.Pass(10s);
  world_.RestartController();
  world_.Pass(10s);
  EXPECT_EQ(State(Resubscription::kHmnfd), OperationState::kRunning);
  world_.services.hmnfd = kReady;
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
}

TEST_F(ResubscriptionTest, StartedAgainWhileItAsksWhoIsMissing) {
  world_.services.list = absl::UnavailableError("503");
  world_.Submit(asked_);
  WaitForStep(Resubscription::kTargets);
  world_.RestartController();
  world_.services.list = absl::OkStatus();
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_THAT(world_.store().jobs(), SizeIs(1));
}

TEST_F(ResubscriptionTest, StartedAgainWhileNodesAreRestarted) {
  asked_.floor = asked_.ceiling = 1;
  world_.Submit(asked_);
  world_.Pass(1min, [this] { return world_.restarted().size() == 2; });
  world_.RestartController();
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  for (const std::string& node : nodes_) EXPECT_EQ(world_.TaskOf(node).attempt, 1u);
}

TEST_F(ResubscriptionTest, StartedAgainWhileAllAreVerifying) {
  world_.Submit(asked_);
  world_.Pass(5min, [this] {
    return State(Resubscription::kNodes) == OperationState::kRunning &&
           std::all_of(nodes_.begin(), nodes_.end(), [this](const std::string& node) {
             return world_.TaskOf(node).state == TaskState::kVerifying;
           });
  });
  world_.RestartController();
  RunToEnd(2min);
  EXPECT_EQ(world_.status().state, kDone);
  for (const std::string& node : nodes_) EXPECT_EQ(world_.TaskOf(node).attempt, 1u);
}

TEST_F(ResubscriptionTest, StartedAgainWhileItsJobIsBeingCancelled) {
  asked_.floor = asked_.ceiling = 1;
  world_.Submit(asked_);
  world_.Pass(1min, [this] { return world_.restarted().size() == 2; });
  world_.Cancel();
  world_.RestartController();
  RunToEnd();
  EXPECT_EQ(world_.status().state, OperationState::kCancelled);
  EXPECT_THAT(world_.restarted(), SizeIs(2));
}

TEST_F(ResubscriptionTest, StartedAgainWhileItLooksAtTheOthers) {
  world_.services.subscribers.erase("x0");
  world_.services.rollout_duration = 10min;
  asked_.restarts_bss = true;
  world_.Submit(asked_);
  WaitForStep(Resubscription::kOthers);
  world_.Pass(10s);
  world_.RestartController();
  world_.services.subscribers["x0"] = {"boot-script-service"};
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
}

}  // namespace
}  // namespace muster
