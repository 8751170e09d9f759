// Jobs are made, cancelled and refused.
#include <gmock/gmock.h>

#include "common/uuid.h"
#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = v1::Controller::StubInterface;

TEST_F(ApiTest, AJobIsMadeWithEveryDefaultFilledIn) {
  const auto job = Create(RestartOrca("x0,nid000002"));
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_TRUE(IsUuid(job->name().substr(5))) << job->name();
  EXPECT_EQ(job->state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(job->created_by(), "alice");
  EXPECT_EQ(job->task_count(), 2u);
  ASSERT_EQ(job->counts_size(), 1);
  EXPECT_EQ(job->counts(0).state(), v1::TASK_STATE_PENDING);
  EXPECT_EQ(job->policy().max_parallel(), 1000u);
  EXPECT_EQ(job->policy().delivery_deadline().seconds(), 120);
  EXPECT_EQ(job->policy().execution_deadline().seconds(), 300);
  EXPECT_FALSE(job->policy().has_deadline());
  EXPECT_EQ(job->work().restart_unit().settle().seconds(), 5);
  EXPECT_GT(job->create_time().seconds(), 0);
  EXPECT_EQ(job->revision(), 1u);
}

TEST_F(ApiTest, ValidateOnlyMakesNothing) {
  v1::CreateJobRequest request = RestartOrca("x0");
  request.set_validate_only(true);
  const auto job = Create(request);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->name(), "");
  EXPECT_EQ(job->task_count(), 1u);
  EXPECT_EQ(job->policy().max_parallel(), 1000u);
  EXPECT_THAT(job->plan().away(), ElementsAre("x0"));
  EXPECT_THAT(job->plan().waves(), ElementsAre(1));
  EXPECT_EQ(job->plan().least_duration().seconds(), 5);
  EXPECT_EQ(Call(&Stub::ListJobs, v1::ListJobsRequest())->jobs_size(), 0);
}

TEST_F(ApiTest, ThePlanTellsWhoGoesFirstAndHowLongItTakes) {
  Hello hello;
  hello.node = "x1";
  registry_.OnAttached(hello, "10.0.0.1:1", clock_.Now());
  v1::CreateJobRequest request = RestartOrca("x[0-2]");
  request.set_validate_only(true);
  request.mutable_policy()->mutable_canary()->set_count(1);
  const auto job = Create(request);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_THAT(job->plan().canaries(), ElementsAre("x1"));
  EXPECT_THAT(job->plan().away(), ElementsAre("x0", "x2"));
  EXPECT_THAT(job->plan().waves(), ElementsAre(1, 2));
  EXPECT_EQ(job->plan().least_duration().seconds(), 10 + 5);
}

TEST_F(ApiTest, AnUnknownNodeIsNotFoundBeforeAnythingIsMade) {
  const auto job = Create(RestartOrca("x[0-5]"));
  EXPECT_EQ(job.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(job.status()), HasSubstr("x[3-5]"));
  EXPECT_EQ(Call(&Stub::ListJobs, v1::ListJobsRequest())->jobs_size(), 0);
}

TEST_F(ApiTest, WhatTheRunnerRefusesTheOperatorHears) {
  control_->Refuse(MakeStatus(absl::StatusCode::kAlreadyExists, "used for something else"));
  const auto job = Create(RestartOrca("x0"));
  EXPECT_EQ(job.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Message(job.status()), "used for something else");
}

TEST_F(ApiTest, AnAgentIsNoOperator) {
  stub_ = v1::Controller::NewStub(ChannelOf("spiffe://muster/agent/x0"));
  const auto job = Create(RestartOrca("x0"));
  EXPECT_EQ(job.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(Message(job.status()), HasSubstr("not an operator's"));
  EXPECT_EQ(Call(&Stub::GetNode, v1::GetNodeRequest()).status().code(),
            absl::StatusCode::kPermissionDenied);
  grpc::ClientContext context;
  v1::WatchJobRequest request;
  EXPECT_EQ(stub_->WatchJob(&context, request)->Finish().error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(ApiTest, AJobIsCancelledInTheOperatorsName) {
  v1::CancelJobRequest request;
  request.set_name("jobs/" + NewJob());
  const auto job = Call(&Stub::CancelJob, request);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(job->detail(), "cancelled by alice");
  request.set_name("jobs/7");
  EXPECT_EQ(Call(&Stub::CancelJob, request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ApiTest, AJobIsPausedAndResumed) {
  const std::string name = "jobs/" + NewJob();
  v1::PauseJobRequest pause;
  pause.set_name(name);
  EXPECT_EQ(Call(&Stub::PauseJob, pause)->state(), v1::JOB_STATE_PAUSED);
  v1::ResumeJobRequest resume;
  resume.set_name(name);
  EXPECT_EQ(Call(&Stub::ResumeJob, resume)->state(), v1::JOB_STATE_RUNNING);
  control_->Refuse(MakeStatus(absl::StatusCode::kFailedPrecondition, "it has ended"));
  const auto refused = Call(&Stub::PauseJob, pause);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Message(refused.status()), "it has ended");
}

TEST_F(ApiTest, AJobIsDeleted) {
  const std::string id = NewJob();
  v1::DeleteJobRequest request;
  request.set_name("jobs/" + id);
  EXPECT_TRUE(Call(&Stub::DeleteJob, request).ok());
  EXPECT_THAT(control_->deleted(), ElementsAre(id));
}

TEST_F(ApiTest, NothingIsDoneToAJobThatIsNotThere) {
  const std::string name = "jobs/" + NewUuid();
  const auto code = [&name, this](auto method, auto request) {
    request.set_name(name);
    return Call(method, request).status().code();
  };
  EXPECT_EQ(code(&Stub::CancelJob, v1::CancelJobRequest()), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(&Stub::PauseJob, v1::PauseJobRequest()), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(&Stub::ResumeJob, v1::ResumeJobRequest()), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(&Stub::DeleteJob, v1::DeleteJobRequest()), absl::StatusCode::kNotFound);
  EXPECT_TRUE(control_->deleted().empty());
}

}  // namespace
}  // namespace muster
