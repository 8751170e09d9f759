// What a dry run tells beside the plan.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OutlookTest : public ApiTest {
 protected:
  std::vector<std::string> RemarksOf(v1::CreateJobRequest request) {
    request.set_validate_only(true);
    const auto job = Create(request);
    EXPECT_TRUE(job.ok()) << job.status();
    if (!job.ok()) return {};
    return {job->remarks().begin(), job->remarks().end()};
  }
  // A job on all nodes whose tasks took so long each.
  std::string EndedJob(const std::vector<Duration>& times) {
    const std::string id = NewJob();
    for (size_t i = 0; i < times.size(); ++i) {
      TaskChanged record;
      record.job = id;
      record.task.node = fmt::format("x{}", i);
      record.task.state = TaskState::kSucceeded;
      record.task.attempt = 1;
      record.task.first_sent = Time(1000s);
      record.task.updated = Time(1000s) + times[i];
      record.task.revision = 100 + i;
      control_->Commit({record});
    }
    JobStatus status;
    status.state = JobState::kSucceeded;
    status.revision = 200;
    control_->Commit({JobChanged{id, status}});
    return id;
  }
};

TEST_F(OutlookTest, NothingIsInTheWay) { EXPECT_THAT(RemarksOf(RestartOrca("x[0-2]")), IsEmpty()); }

// As the engine sees it: what is in flight is in the way, what is pending may get there first, what waits for its proof is over.
TEST_F(OutlookTest, AnotherJobAtTheSameUnitIsNamedWithItsNodes) {
  const std::string id = NewJob();
  control_->Change(id, "x0", TaskState::kDispatched);
  control_->Change(id, "x1", TaskState::kVerifying);
  EXPECT_THAT(RemarksOf(RestartOrca("x[0-1]")),
              ElementsAre("jobs/" + id +
                          " of alice is at the same unit of x0 (1); this one waits there until it "
                          "has ended (--on-conflict refuse does not wait)"));
  v1::CreateJobRequest refusing = RestartOrca("x[0-2]");
  refusing.mutable_policy()->set_on_conflict(v1::ON_CONFLICT_REFUSE);
  EXPECT_THAT(RemarksOf(refusing),
              ElementsAre("jobs/" + id +
                              " of alice is at the same unit of x0 (1); nodes that it is still at "
                              "are REFUSED here",
                          "jobs/" + id +
                              " of alice is to do the same unit of x2 (1), too, and may come "
                              "first; nodes that it is at then are REFUSED here"));
  // Where it has ended, and of another unit, nobody waits.
  control_->Change(id, "x1", TaskState::kSucceeded);
  EXPECT_THAT(RemarksOf(RestartOrca("x1")), IsEmpty());
  v1::CreateJobRequest other = RestartOrca("x0");
  other.mutable_work()->mutable_restart_unit()->set_unit("sshd.service");
  EXPECT_THAT(RemarksOf(other), IsEmpty());
}

TEST_F(OutlookTest, FewNodesOfALargeJobAreAskedForOneByOne) {
  JobSpec spec;
  spec.id = "large";
  spec.work = RestartUnit();
  spec.created_by = "bob";
  std::vector<std::string> nodes = {"x0", "x2"};
  for (int i = 10; i < 99; ++i) nodes.push_back(fmt::format("x{}", i));
  std::sort(nodes.begin(), nodes.end());
  control_->Submit(std::move(spec), nodes, [](const auto& id) { EXPECT_TRUE(id.ok()); });
  control_->Change("large", "x2", TaskState::kRunning);
  EXPECT_THAT(RemarksOf(RestartOrca("x[0-2]")),
              ElementsAre("jobs/large of bob is at the same unit of x2 (1); this one waits there "
                          "until it has ended (--on-conflict refuse does not wait)",
                          "jobs/large of bob is to do the same unit of x0 (1), too, and may come "
                          "first; this one waits then until it has ended there"));
}

TEST_F(OutlookTest, JobsThatWereNotLookedAtAreNotLeftOutWithoutAWord) {
  for (int i = 0; i < 20; ++i) NewJob();
  EXPECT_EQ(RemarksOf(RestartOrca("x0")).size(), 20u);
  NewJob();
  const std::vector<std::string> remarks = RemarksOf(RestartOrca("x0"));
  ASSERT_EQ(remarks.size(), 21u);
  EXPECT_THAT(remarks.back(), HasSubstr("more than 20 jobs are under way"));
}

TEST_F(OutlookTest, AgentsThatCannotDoItAreNamed) {
  Hello hello;
  hello.node = "x1";
  registry_.OnAttached(hello, "ipv4:10.0.0.1:1", clock_.Now());
  v1::CreateJobRequest request;
  request.mutable_work()->mutable_inspect_content();
  request.mutable_targets()->add_node_sets("x[0-2]");
  EXPECT_THAT(RemarksOf(request),
              ElementsAre("REFUSED, since their agents lack the feature content/2: x1 (1); update "
                          "them"));
}

TEST_F(OutlookTest, WhatAnEarlierJobTookSaysHowLongThisOneTakes) {
  const std::string id = EndedJob({7s, 8s, 61500ms});
  v1::CreateJobRequest request = RestartOrca("x[0-2]");
  request.mutable_policy()->set_max_parallel(1);
  EXPECT_THAT(RemarksOf(request),
              ElementsAre("in jobs/" + id +
                          " half of the nodes took 8.0 s or less, 95 of 100 took 1 min 1 s or "
                          "less; with that this one takes 24.0 s to 3 min 4 s if all are there"));
}

}  // namespace
}  // namespace muster
