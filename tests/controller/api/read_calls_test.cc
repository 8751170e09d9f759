// What operators read.
#include <gmock/gmock.h>

#include "common/uuid.h"
#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using Stub = v1::Controller::StubInterface;

TEST_F(ApiTest, AJobIsFoundByItsName) {
  const std::string id = NewJob();
  v1::GetJobRequest request;
  request.set_name("jobs/" + id);
  EXPECT_EQ(Call(&Stub::GetJob, request)->name(), request.name());
  request.set_name("jobs/" + NewUuid());
  EXPECT_EQ(Call(&Stub::GetJob, request).status().code(), absl::StatusCode::kNotFound);
  request.set_name("job/" + id);
  EXPECT_EQ(Call(&Stub::GetJob, request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ApiTest, StatusTellsWhoWasRefused) {
  auto status = Call(&Stub::GetStatus, v1::GetStatusRequest());
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->known_nodes(), 3u);
  EXPECT_EQ(status->attached_nodes(), 0u);
  EXPECT_TRUE(status->has_start_time());
  EXPECT_EQ(status->refusals_size(), 0);
  EXPECT_FALSE(status->has_hsm_time());
  registry_.SetHsm({}, clock_.Now());

  const auto agent = v1::Controller::NewStub(ChannelOf("spiffe://muster/agent/x0"));
  grpc::ClientContext context;
  v1::ControllerStatus nothing;
  EXPECT_EQ(agent->GetStatus(&context, v1::GetStatusRequest(), &nothing).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  status = Call(&Stub::GetStatus, v1::GetStatusRequest());
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_TRUE(status->has_hsm_time());
  ASSERT_EQ(status->refusals_size(), 1);
  EXPECT_EQ(status->refusals(0).reason(), "UNAUTHORIZED");
  EXPECT_EQ(status->refusals(0).count(), 1u);
  EXPECT_EQ(status->refusals(0).last_source(), "127.0.0.1");
}

TEST_F(ApiTest, JobsComeInPagesTheNewestFirst) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) made.insert(made.begin(), "jobs/" + NewJob());
  std::vector<std::string> listed;
  v1::ListJobsRequest request;
  request.set_page_size(2);
  do {
    const auto page = Call(&Stub::ListJobs, request);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_LE(page->jobs_size(), 2);
    for (const v1::Job& job : page->jobs()) listed.push_back(job.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, made);
}

TEST_F(ApiTest, JobsAreListedByStateTimeAndOperator) {
  const std::string ended = "jobs/" + NewJob();
  const std::string running = "jobs/" + NewJob();
  control_->EndJob(ended.substr(5));
  const auto listed = [this](const v1::ListJobsRequest& request) {
    const auto page = Call(&Stub::ListJobs, request);
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> names;
    for (const v1::Job& job : page->jobs()) names.push_back(job.name());
    return names;
  };
  v1::ListJobsRequest request;
  request.add_states(v1::JOB_STATE_RUNNING);
  request.add_states(v1::JOB_STATE_RUNNING);
  EXPECT_THAT(listed(request), ElementsAre(running));
  request.set_created_by("alice");
  EXPECT_THAT(listed(request), ElementsAre(running));
  request.set_created_by("bob");
  EXPECT_THAT(listed(request), ElementsAre());

  v1::ListJobsRequest since;
  since.mutable_created_from()->set_seconds(1);
  EXPECT_THAT(listed(since), ElementsAre(running, ended));
  since.mutable_created_before()->set_seconds(2);
  EXPECT_THAT(listed(since), ElementsAre());
}

TEST_F(ApiTest, AListThatCannotBeMeantIsAnError) {
  const auto message = [this](const v1::ListJobsRequest& request) {
    const absl::Status status = Call(&Stub::ListJobs, request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return Message(status);
  };
  v1::ListJobsRequest request;
  request.mutable_created_from()->set_seconds(2);
  request.mutable_created_before()->set_seconds(2);
  EXPECT_EQ(message(request),
            "created_from: it is not before created_before, so that no job can be meant; name an "
            "earlier time");
  request.mutable_created_from()->set_seconds(-1);
  EXPECT_EQ(message(request), "created_from: not a point in time between 1970 and 2262");
  request.mutable_created_from()->set_seconds(1);
  request.mutable_created_before()->set_nanos(-1);
  EXPECT_EQ(message(request), "created_before: not a point in time between 1970 and 2262");
  v1::ListJobsRequest states;
  states.add_states(static_cast<v1::JobState>(99));
  EXPECT_EQ(message(states),
            "states: this controller knows no state 99 of a job; is it older than this muster?");
  v1::ListJobsRequest by;
  by.set_created_by(std::string(10'000, 'a'));
  EXPECT_THAT(message(by), ::testing::StartsWith("created_by: longer than"));
}

TEST_F(ApiTest, TasksComeInPagesInTheOrderOfNodes) {
  const std::string id = NewJob();
  control_->Change(id, "x1", TaskState::kDispatched);
  std::vector<std::string> listed;
  v1::ListTasksRequest request;
  request.set_parent("jobs/" + id);
  request.set_page_size(2);
  do {
    const auto page = Call(&Stub::ListTasks, request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Task& task : page->tasks())
      listed.push_back(task.node() + " " + v1::TaskState_Name(task.state()));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(listed, ElementsAre("x0 TASK_STATE_PENDING", "x1 TASK_STATE_DISPATCHED",
                                  "x2 TASK_STATE_PENDING"));
}

TEST_F(ApiTest, ATaskIsFoundByAnyNameOfItsNode) {
  const std::string id = NewJob();
  v1::GetTaskRequest request;
  request.set_name("jobs/" + id + "/tasks/nid000002");
  const auto task = Call(&Stub::GetTask, request);
  ASSERT_TRUE(task.ok()) << task.status();
  EXPECT_EQ(task->name(), "jobs/" + id + "/tasks/x1");
  request.set_name("jobs/" + id + "/tasks/x9");
  EXPECT_EQ(Call(&Stub::GetTask, request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ApiTest, NodesAreListedAsTheyAre) {
  Hello hello;
  hello.node = "x1";
  hello.agent_version = "0.1";
  registry_.OnAttached(hello, "ipv4:10.0.0.1:1", clock_.Now());
  std::vector<std::string> listed;
  v1::ListNodesRequest request;
  request.set_page_size(1);
  do {
    const auto page = Call(&Stub::ListNodes, request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Node& node : page->nodes())
      listed.push_back(node.name() + " " + v1::Presence_Name(node.presence()));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(listed, ElementsAre("nodes/x0 PRESENCE_NEVER_SEEN", "nodes/x1 PRESENCE_ATTACHED",
                                  "nodes/x2 PRESENCE_NEVER_SEEN"));

  v1::GetNodeRequest one;
  one.set_name("nodes/nid000002");
  const auto node = Call(&Stub::GetNode, one);
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->name(), "nodes/x1");
  EXPECT_EQ(node->address(), "ipv4:10.0.0.1:1");
  EXPECT_EQ(node->agent_version(), "0.1");
}

TEST_F(ApiTest, NodesOfARole) {
  v1::ListNodesRequest request;
  request.mutable_targets()->add_roles("management");
  const auto page = Call(&Stub::ListNodes, request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->nodes_size(), 1);
  EXPECT_EQ(page->nodes(0).name(), "nodes/x2");
}

TEST_F(ApiTest, OperationsThatAreNotThere) {
  EXPECT_EQ(Call(&Stub::ListOperations, v1::ListOperationsRequest())->operations_size(), 0);
  v1::GetOperationRequest request;
  EXPECT_EQ(Call(&Stub::GetOperation, request).status().code(), absl::StatusCode::kInvalidArgument);
  request.set_name("operations/01a1fd4e-b313-754f-ac31-0cca330bc137");
  EXPECT_EQ(Call(&Stub::GetOperation, request).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace muster
