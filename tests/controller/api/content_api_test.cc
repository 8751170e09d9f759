// Content as an operator's program sees it: its phases are made, and its gate is looked at.
#include <gmock/gmock.h>

#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Stub = v1::Controller::StubInterface;

class ContentApiTest : public ApiTest {
 protected:
  // A controller that knows no HMNFD needs none for this.
  ContentApiTest() : ApiTest(false) {}

  static v1::CreateOperationRequest Unmount(const std::string& content = "") {
    v1::CreateOperationRequest request;
    request.mutable_targets()->add_node_sets("x[0-1]");
    request.mutable_content_unmount()->set_content(content);
    return request;
  }
  absl::StatusOr<v1::Operation> Create(const v1::CreateOperationRequest& request) {
    return Call(&Stub::CreateOperation, request);
  }
  absl::StatusOr<v1::Content> Gate(const std::string& content = "") {
    v1::GetContentRequest request;
    request.set_name(content);
    return Call(&Stub::GetContent, request);
  }
  void ExpectError(const absl::Status& status, absl::StatusCode code, const std::string& why) {
    EXPECT_EQ(status.code(), code);
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  }
};

TEST_F(ContentApiTest, APhaseHasItsStepsAndAName) {
  const auto operation = Create(Unmount());
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_RUNNING);
  EXPECT_EQ(operation->content_unmount().target_count(), 2u);
  EXPECT_THAT(operation->content_unmount().content(), StartsWith("content-"));
  EXPECT_THAT(operation->content_unmount().content(), SizeIs(18u));
  EXPECT_EQ(operation->steps_size(), 2);
}

TEST_F(ContentApiTest, TheOtherPhaseIsOfTheNewestAndOfAllItsNodes) {
  ASSERT_TRUE(Create(Unmount("pe")).ok());
  v1::CreateOperationRequest request;
  request.mutable_content_remount();
  const auto operation = Create(request);
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->content_remount().content(), "pe");
  EXPECT_EQ(operation->content_remount().target_count(), 2u);
  request.mutable_targets()->add_node_sets("x1");
  EXPECT_EQ(Create(request)->content_remount().target_count(), 1u);
  request.mutable_targets()->add_node_sets("x2");
  ExpectError(Create(request).status(), absl::StatusCode::kInvalidArgument,
              "content pe has no record of x2");
}

TEST_F(ContentApiTest, WithoutARecordThereIsNothingToMount) {
  v1::CreateOperationRequest request;
  request.mutable_content_remount();
  ExpectError(Create(request).status(), absl::StatusCode::kNotFound,
              "no content was ever unmounted");
  request.mutable_content_remount()->set_content("pe");
  ExpectError(Create(request).status(), absl::StatusCode::kNotFound, "there is no content \"pe\"");
}

TEST_F(ContentApiTest, ANameMustBeTypable) {
  ExpectError(Create(Unmount("a b")).status(), absl::StatusCode::kInvalidArgument,
              "'a b' is no name of a content");
  ExpectError(Create(Unmount(std::string(65, 'x'))).status(), absl::StatusCode::kInvalidArgument,
              "at most 64");
}

// Also by a dry run, which says whether it could be made.
TEST_F(ContentApiTest, AServiceThatIsNotKnownCannotBeAsked) {
  for (const bool is_dry : {false, true}) {
    v1::CreateOperationRequest request = Unmount("pe");
    request.set_validate_only(is_dry);
    request.mutable_content_unmount()->set_bos_template("compute");
    ExpectError(Create(request).status(), absl::StatusCode::kFailedPrecondition,
                "this controller knows no BOS");
    request = Unmount("pe");
    request.set_validate_only(is_dry);
    request.mutable_content_unmount()->set_cps_servers(2);
    ExpectError(Create(request).status(), absl::StatusCode::kFailedPrecondition,
                "this controller knows no CPS");
    request.mutable_content_unmount()->set_cps_servers(0);
    EXPECT_TRUE(Create(request).ok());
  }
}

TEST_F(ContentApiTest, WhatBosAndCpsCannotMeanIsRefused) {
  v1::CreateOperationRequest request = Unmount("pe");
  request.mutable_content_unmount()->set_bos_template("-compute");
  ExpectError(Create(request).status(), absl::StatusCode::kInvalidArgument,
              "'-compute' is no name of a template of BOS");
  request = Unmount("pe");
  request.mutable_content_unmount()->set_cps_servers(4'294'967'295);
  ExpectError(Create(request).status(), absl::StatusCode::kInvalidArgument, "at most 10000");
}

TEST_F(ContentApiTest, AnotherTryBelongsToTheFirst) {
  ASSERT_TRUE(Create(Unmount("pe")).ok());
  EXPECT_EQ(Create(Unmount())->content_unmount().content(), "pe");
  v1::CreateOperationRequest request;
  request.mutable_content_remount();
  ASSERT_TRUE(Create(request).ok());
  EXPECT_THAT(Create(Unmount())->content_unmount().content(), StartsWith("content-"));
}

TEST_F(ContentApiTest, AJobAloneUnmountsNothing) {
  v1::CreateJobRequest request = RestartOrca("x1");
  request.mutable_work()->mutable_unmount_content()->set_content("pe");
  ExpectError(ApiTest::Create(request).status(), absl::StatusCode::kInvalidArgument,
              "by operations");
  request.mutable_work()->mutable_inspect_content();
  EXPECT_TRUE(ApiTest::Create(request).ok());
}

TEST_F(ContentApiTest, TheGateIsClosedWhileAPhaseIsUnderWay) {
  ExpectError(Gate().status(), absl::StatusCode::kNotFound, "no content was ever unmounted");
  const auto operation = Create(Unmount("pe"));
  const auto content = Gate("pe");
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_FALSE(content->is_gate_open());
  EXPECT_EQ(content->running(), operation->name());
  ASSERT_EQ(content->nodes_size(), 2);
  EXPECT_EQ(content->nodes(0).state(), v1::CONTENT_STATE_UNKNOWN);
  EXPECT_EQ(content->nodes(0).detail(), "what is mounted is not recorded yet");
}

TEST_F(ContentApiTest, ADryRunMakesNothing) {
  v1::CreateOperationRequest request = Unmount("pe");
  request.set_validate_only(true);
  const auto operation = Create(request);
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->name(), "");
  EXPECT_EQ(operation->job().task_count(), 2u);
  EXPECT_FALSE(Gate("pe").ok());
}

}  // namespace
}  // namespace muster
