// The nodes of an earlier job's tasks are targets.
#include <gmock/gmock.h>

#include "common/uuid.h"
#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using Stub = v1::Controller::StubInterface;

class FromJobsTest : public ApiTest {
 protected:
  v1::CreateJobRequest RestartFrom(const std::string& job,
                                   const std::vector<v1::TaskState>& states) {
    v1::CreateJobRequest request = RestartOrca("");
    request.mutable_targets()->clear_node_sets();
    v1::TasksOfJob& from = *request.mutable_targets()->add_from_jobs();
    from.set_job("jobs/" + job);
    for (const v1::TaskState state : states) from.add_states(state);
    return request;
  }
  std::vector<std::string> NodesOf(const absl::StatusOr<v1::Job>& job) {
    EXPECT_TRUE(job.ok()) << job.status();
    v1::ListTasksRequest request;
    if (job.ok()) request.set_parent(job->name());
    std::vector<std::string> nodes;
    const auto tasks = Call(&Stub::ListTasks, request);
    EXPECT_TRUE(tasks.ok()) << tasks.status();
    if (!tasks.ok()) return nodes;
    for (const v1::Task& task : tasks->tasks()) nodes.push_back(task.node());
    return nodes;
  }
  using Nodes = std::vector<std::string>;
};

TEST_F(FromJobsTest, ThoseInTheStatesThatAreNamed) {
  const std::string id = NewJob();
  control_->Change(id, "x0", TaskState::kFailed);
  control_->Change(id, "x1", TaskState::kSucceeded);
  control_->Change(id, "x2", TaskState::kLost);
  EXPECT_EQ(NodesOf(Create(RestartFrom(id, {v1::TASK_STATE_FAILED, v1::TASK_STATE_LOST}))),
            (Nodes{"x0", "x2"}));
  EXPECT_EQ(NodesOf(Create(RestartFrom(id, {v1::TASK_STATE_SUCCEEDED}))), Nodes{"x1"});
  EXPECT_EQ(NodesOf(Create(RestartFrom(id, {}))), (Nodes{"x0", "x1", "x2"}));
}

TEST_F(FromJobsTest, TheyAddUpWithOthersAndAreExcludedLikeThem) {
  const std::string id = NewJob();
  control_->Change(id, "x0", TaskState::kFailed);
  v1::CreateJobRequest request = RestartFrom(id, {v1::TASK_STATE_FAILED});
  request.mutable_targets()->add_node_sets("x2");
  EXPECT_EQ(NodesOf(Create(request)), (Nodes{"x0", "x2"}));
  request.mutable_targets()->add_exclude("x0");
  EXPECT_EQ(NodesOf(Create(request)), Nodes{"x2"});
  request.mutable_targets()->clear_node_sets();
  EXPECT_EQ(Create(request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FromJobsTest, NoneIsAnError) {
  const std::string id = NewJob();
  const auto none = Create(RestartFrom(id, {v1::TASK_STATE_FAILED, v1::TASK_STATE_TIMED_OUT}));
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(none.status()),
            "no targets: no task of jobs/" + id + " is FAILED or TIMED_OUT");
}

TEST_F(FromJobsTest, ANodeThatIsNoLongerKnownIsLeftOut) {
  JobSpec spec;
  spec.id = NewUuid();
  spec.work = RestartUnit{};
  spec.request_id = NewUuid();
  const std::string id = spec.id;
  control_->Submit(spec, {"x1", "x9"}, [](const absl::StatusOr<std::string>&) {});
  EXPECT_EQ(NodesOf(Create(RestartFrom(id, {}))), Nodes{"x1"});
  spec.id = NewUuid();
  spec.request_id = NewUuid();
  control_->Submit(spec, {"x9"}, [](const absl::StatusOr<std::string>&) {});
  EXPECT_THAT(Message(Create(RestartFrom(spec.id, {})).status()), HasSubstr("none is known"));
}

TEST_F(FromJobsTest, WhatCannotBeIsRefused) {
  EXPECT_EQ(Create(RestartFrom(NewUuid(), {})).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Create(RestartFrom("7", {})).status().code(), absl::StatusCode::kInvalidArgument);
  const auto state = Create(RestartFrom(NewJob(), {v1::TASK_STATE_UNSPECIFIED}));
  EXPECT_THAT(Message(state.status()), HasSubstr("0 is no state of a task"));
  v1::CreateJobRequest many = RestartFrom(NewUuid(), {});
  for (int i = 0; i < 20; ++i) many.mutable_targets()->add_from_jobs();
  EXPECT_THAT(Message(Create(many).status()), HasSubstr("21 jobs; at most 20"));
}

TEST_F(FromJobsTest, NodesAreListedSo) {
  const std::string id = NewJob();
  control_->Change(id, "x1", TaskState::kRefused);
  v1::ListNodesRequest request;
  v1::TasksOfJob& from = *request.mutable_targets()->add_from_jobs();
  from.set_job("jobs/" + id);
  from.add_states(v1::TASK_STATE_REFUSED);
  const auto nodes = Call(&Stub::ListNodes, request);
  ASSERT_EQ(nodes->nodes_size(), 1);
  EXPECT_EQ(nodes->nodes(0).name(), "nodes/x1");
}

}  // namespace
}  // namespace muster
