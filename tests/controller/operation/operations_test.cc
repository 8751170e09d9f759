// Which operations there are: one at a time, each request once, over restarts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/operation/world.h"

namespace muster {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class OperationsTest : public testing::Test {
 protected:
  World::Answer SubmitSecond(const std::string& request_id = "r2",
                             const std::string& digest = "d2") {
    ResubscriptionSpec spec = Asked(nodes_);
    spec.job = "j2";
    return world_.Submit(spec, "o2", request_id, digest);
  }
  void RunToEnd() {
    world_.Pass(1h, [this] { return world_.is_over(); });
    ASSERT_TRUE(world_.is_over());
  }

  std::vector<std::string> nodes_ = Names(3);
  World world_{nodes_};
};

TEST_F(OperationsTest, ASecondOneIsRefusedWhileTheFirstIsUnderWay) {
  world_.Submit(Asked(nodes_));
  const World::Answer answer = SubmitSecond();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(answer->status().message(), HasSubstr("operations/o1 is under way"));
  world_.RestartController();
  EXPECT_FALSE(SubmitSecond()->ok());
  EXPECT_THAT(world_.store().operations(), SizeIs(1));
}

TEST_F(OperationsTest, AfterTheFirstHasEndedThereMayBeAnother) {
  world_.Submit(Asked(nodes_));
  RunToEnd();
  EXPECT_EQ(**SubmitSecond(), "o2");
  world_.Pass(1h, [this] { return IsTerminal(world_.status("o2").state); });
  EXPECT_EQ(world_.status("o2").state, OperationState::kSucceeded);
  EXPECT_EQ(world_.store().jobs().at("j2").status.state, JobState::kSucceeded);
}

TEST_F(OperationsTest, TheSameRequestIsAnsweredWithTheFirst) {
  world_.Submit(Asked(nodes_));
  EXPECT_EQ(**SubmitSecond("r1", "d1"), "o1");
  world_.RestartController();
  EXPECT_EQ(**SubmitSecond("r1", "d1"), "o1");
  RunToEnd();
  EXPECT_EQ(**SubmitSecond("r1", "d1"), "o1") << "also when it has ended";
  world_.RestartController();
  EXPECT_EQ(**SubmitSecond("r1", "d1"), "o1");
  EXPECT_THAT(world_.store().operations(), SizeIs(1));
}

TEST_F(OperationsTest, ARequestIdThatWasUsedForSomethingElseIsRefused) {
  world_.Submit(Asked(nodes_));
  RunToEnd();
  const World::Answer answer = SubmitSecond("r1", "d2");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(answer->status().message(), HasSubstr("which made operations/o1"));
}

TEST_F(OperationsTest, CancellingOneThatHasEndedChangesNothing) {
  world_.Submit(Asked(nodes_));
  RunToEnd();
  const OperationStatus before = world_.status();
  EXPECT_EQ(**world_.Cancel(), "o1");
  EXPECT_EQ(world_.status(), before);
}

TEST_F(OperationsTest, NewsOfOneThatHasEndedIsIgnored) {
  world_.Submit(Asked(nodes_));
  RunToEnd();
  const OperationStatus before = world_.status();
  world_.Take({ServiceNews{"o1", HsmAsked{true}}, ServiceNews{"nobody", HsmAsked{true}}});
  EXPECT_EQ(world_.status(), before);
}

TEST_F(OperationsTest, OtherJobsAreNoneOfItsBusiness) {
  world_.Submit(Asked(nodes_));
  world_.Pass(3s);
  JobSpec spec;
  spec.id = "alone";
  spec.work = RestartUnit{"other.service", 5s};
  spec.request_id = "alone";
  spec.created = world_.now();
  world_.Take({Event(JobSubmitted{0, spec, nodes_})});
  RunToEnd();
  EXPECT_EQ(world_.status().state, OperationState::kSucceeded);
  EXPECT_EQ(world_.store().jobs().at("alone").status.state, JobState::kSucceeded)
      << "which needs no proof and no pace";
}

TEST_F(OperationsTest, WithoutOperationsThereIsNothingToWaitFor) {
  EXPECT_EQ(world_.NextDeadline(), std::nullopt);
  world_.Submit(Asked(nodes_));
  EXPECT_NE(world_.NextDeadline(), std::nullopt);
}

}  // namespace
}  // namespace muster
