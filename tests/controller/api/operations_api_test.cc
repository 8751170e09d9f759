// Operations as an operator's program sees them: checked, made, read, cancelled, watched; and who is subscribed.
#include <gmock/gmock.h>

#include "common/uuid.h"
#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Stub = v1::Controller::StubInterface;

v1::CreateOperationRequest Resubscribe(const std::string& node_set = "x[0-2]") {
  v1::CreateOperationRequest request;
  request.mutable_targets()->add_node_sets(node_set);
  request.mutable_resubscription();
  return request;
}

template <typename Request>
Request Named(const std::string& name) {
  Request request;
  request.set_name(name);
  return request;
}

class OperationsApiTest : public ApiTest {
 protected:
  using ApiTest::ApiTest;

  absl::StatusOr<v1::Operation> Create(const v1::CreateOperationRequest& request) {
    return Call(&Stub::CreateOperation, request);
  }
  absl::StatusOr<v1::Operation> Get(const std::string& name) {
    return Call(&Stub::GetOperation, Named<v1::GetOperationRequest>(name));
  }
  std::string NewOperation() {
    const auto operation = Create(Resubscribe());
    EXPECT_TRUE(operation.ok()) << operation.status();
    return operation.ok() ? operation->name() : "";
  }
  void ExpectInvalid(const v1::CreateOperationRequest& request, const std::string& why) {
    const auto operation = Create(request);
    EXPECT_EQ(operation.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(operation.status().message()), HasSubstr(why));
  }
  // As the runner would, of the operation with that name.
  void Change(const std::string& name, OperationState state, const std::string& detail) {
    OperationSpec spec;
    spec.id = name.substr(std::string("operations/").size());
    OperationStatus status = Resubscription::NewStatus();
    status.state = state;
    status.detail = detail;
    control_->Commit({}, {{std::make_shared<const OperationSpec>(std::move(spec)), status, false}});
  }
};

class NoHmnfdTest : public OperationsApiTest {
 protected:
  NoHmnfdTest() : OperationsApiTest(false) {}
};

// ---- what is asked

TEST_F(OperationsApiTest, OneThatIsMadeHasItsStepsAndDefaults) {
  const auto operation = Create(Resubscribe());
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_THAT(operation->name(), HasSubstr("operations/"));
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_RUNNING);
  EXPECT_EQ(operation->created_by(), "alice");
  EXPECT_EQ(operation->steps_size(), Resubscription::kStepCount);
  EXPECT_FALSE(operation->has_job());
  EXPECT_EQ(operation->resubscription().target_count(), 3u);
  EXPECT_EQ(operation->resubscription().policy().retries(), 3u);
  EXPECT_EQ(operation->resubscription().floor(), 5u);
  EXPECT_EQ(operation->resubscription().ceiling(), 500u);
  EXPECT_EQ(operation->resubscription().second_look().seconds(), 15);
  EXPECT_EQ(operation->resubscription().appear_within().seconds(), 30);
}

TEST_F(OperationsApiTest, TheSecondLookComesAfterHmnfdsPruning) {
  v1::CreateOperationRequest request = Resubscribe();
  request.mutable_resubscription()->mutable_second_look()->set_seconds(10);
  ExpectInvalid(request, "second_look: 10 s; it must be more than 10 s");
  request.mutable_resubscription()->mutable_second_look()->set_nanos(1);
  EXPECT_TRUE(Create(request).ok());
}

TEST_F(OperationsApiTest, TheFloorIsNotAboveTheCeiling) {
  v1::CreateOperationRequest request = Resubscribe();
  request.mutable_resubscription()->set_floor(10);
  request.mutable_resubscription()->set_ceiling(9);
  ExpectInvalid(request, "floor: 10; it must be at most the ceiling, 9");
  request.mutable_resubscription()->set_ceiling(100'001);
  ExpectInvalid(request, "ceiling: 100001");
}

TEST_F(OperationsApiTest, ABaselineNamesNodes) {
  v1::CreateOperationRequest request = Resubscribe();
  v1::Subscriber& subscriber = *request.mutable_resubscription()->add_baseline();
  subscriber.set_node("x 0");
  ExpectInvalid(request, "baseline: 'x 0' is no name of a node");
  subscriber.set_node("x0");
  for (int i = 0; i < 65; ++i) subscriber.add_agents("agent");
  ExpectInvalid(request, "x0 has 65 agents");
}

TEST_F(OperationsApiTest, WhatIsOfNoKindIsRefused) {
  v1::CreateOperationRequest request = Resubscribe();
  request.clear_resubscription();
  ExpectInvalid(request, "kind: none that this controller knows");
}

TEST_F(OperationsApiTest, ARequestIdIsAUuid) {
  v1::CreateOperationRequest request = Resubscribe();
  request.set_request_id("seven");
  ExpectInvalid(request, "'seven' is not a UUID");
}

TEST_F(OperationsApiTest, UnknownTargetsAreRefused) {
  EXPECT_FALSE(Create(Resubscribe("x9")).ok());
  EXPECT_THAT(std::string(Create(Resubscribe("x9")).status().message()), HasSubstr("x9"));
}

TEST_F(OperationsApiTest, ValidateOnlyMakesNothingAndShowsThePlan) {
  v1::CreateOperationRequest request = Resubscribe();
  request.set_validate_only(true);
  const auto operation = Create(request);
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->name(), "");
  EXPECT_EQ(operation->resubscription().target_count(), 3u);
  EXPECT_TRUE(operation->job().has_plan());
  EXPECT_EQ(operation->job().task_count(), 3u);
  // The settle time, and what the proof takes.
  EXPECT_EQ(operation->job().plan().least_duration().seconds(), 5 + 15);
  EXPECT_THAT(Call(&Stub::ListOperations, v1::ListOperationsRequest())->operations(), IsEmpty());
}

TEST_F(OperationsApiTest, APlanForThoseThatAreMissingHasOnlyThem) {
  subscribers_ =
      std::make_shared<const Subscribers>(Subscribers{{"x0", {"orca"}}, {"x2", {"orca"}}});
  v1::CreateOperationRequest request = Resubscribe();
  request.set_validate_only(true);
  EXPECT_THAT(Create(request)->job().plan().nodes(), ElementsAre("x0", "x1", "x2"));
  request.mutable_resubscription()->set_only_missing(true);
  const auto plan = Create(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->job().plan().nodes(), ElementsAre("x1"));
  EXPECT_EQ(plan->job().task_count(), 1u);
  // As when it is done: what the baseline has of a node must be there again.
  v1::Subscriber& before = *request.mutable_resubscription()->add_baseline();
  before.set_node("x2");
  before.add_agents("other");
  EXPECT_THAT(Create(request)->job().plan().nodes(), ElementsAre("x1", "x2"));
}

TEST_F(OperationsApiTest, APlanForNobody) {
  subscribers_ = std::make_shared<const Subscribers>(
      Subscribers{{"x0", {"orca"}}, {"x1", {"orca"}}, {"x2", {"orca"}}});
  v1::CreateOperationRequest request = Resubscribe();
  request.set_validate_only(true);
  request.mutable_resubscription()->set_only_missing(true);
  request.mutable_resubscription()->mutable_policy()->mutable_canary()->set_count(2);
  const auto plan = Create(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->job().plan().nodes(), IsEmpty());
  EXPECT_THAT(plan->job().plan().canaries(), IsEmpty());
  EXPECT_EQ(plan->job().plan().least_duration().seconds(), 0);
}

TEST_F(OperationsApiTest, WithoutHmnfdsListNobodyKnowsWhoIsMissing) {
  subscribers_ = absl::UnavailableError("HMNFD does not answer");
  v1::CreateOperationRequest request = Resubscribe();
  request.set_validate_only(true);
  request.mutable_resubscription()->set_only_missing(true);
  const absl::Status status = Create(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("HMNFD does not answer"));
}

TEST_F(OperationsApiTest, UansThatAreNoTargetsAreOffered) {
  std::vector<InventoryNode> nodes;
  for (const char* xname : {"x0", "x1", "x2", "x7", "x8", "x9"}) {
    nodes.push_back({xname, {}, "Application", "UAN"});
    nodes.back().state = "Ready";
  }
  nodes[0].sub_role = "";  // a target, as x1 and x2
  nodes[4].state = "Off";  // x8
  nodes[5].is_enabled = false;
  registry_.SetHsm(nodes, clock_.Now());
  v1::CreateOperationRequest request = Resubscribe();
  const auto operation = Create(request);
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_THAT(operation->notes().rbegin()->text(), HasSubstr("--role uan takes them: x7 (1)"));
  request.set_validate_only(true);
  const auto plan = Create(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->job().plan().uans(), ElementsAre("x7"));
}

TEST_F(OperationsApiTest, WhatTheRunnerRefusesIsRefused) {
  control_->Refuse(absl::FailedPreconditionError("operations/1 is under way"));
  EXPECT_EQ(Create(Resubscribe()).status(),
            absl::FailedPreconditionError("operations/1 is under way"));
}

TEST_F(NoHmnfdTest, NothingCanBeProven) {
  const auto operation = Create(Resubscribe());
  EXPECT_EQ(operation.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(operation.status().message()), HasSubstr("[csm] of musterd.toml"));
  const auto list = Call(&Stub::ListSubscribers, v1::ListSubscribersRequest());
  EXPECT_EQ(list.status().code(), absl::StatusCode::kFailedPrecondition);
}

// ---- what is read

TEST_F(OperationsApiTest, TheBaselineIsToldToNobody) {
  v1::CreateOperationRequest request = Resubscribe();
  request.mutable_resubscription()->add_baseline()->set_node("x0");
  const auto operation = Create(request);
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_THAT(operation->resubscription().baseline(), IsEmpty());
  EXPECT_THAT(Get(operation->name())->resubscription().baseline(), IsEmpty());
}

TEST_F(OperationsApiTest, OneThatIsNotThereIsNotFound) {
  const std::string name = "operations/" + NewUuid();
  EXPECT_EQ(Get(name).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Call(&Stub::CancelOperation, Named<v1::CancelOperationRequest>(name)).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Get("jobs/" + NewUuid()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(OperationsApiTest, ListsTheNewestFirstByPages) {
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) names.push_back(NewOperation());
  v1::ListOperationsRequest request;
  request.set_page_size(2);
  auto page = Call(&Stub::ListOperations, request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->operations_size(), 2);
  EXPECT_EQ(page->operations(0).name(), names[2]);
  EXPECT_EQ(page->operations(1).name(), names[1]);
  request.set_page_token(page->next_page_token());
  page = Call(&Stub::ListOperations, request);
  ASSERT_EQ(page->operations_size(), 1);
  EXPECT_EQ(page->operations(0).name(), names[0]);
  EXPECT_EQ(page->next_page_token(), "");
}

TEST_F(OperationsApiTest, CancelAnswersWithWhatItBecame) {
  const std::string name = NewOperation();
  const auto operation = Call(&Stub::CancelOperation, Named<v1::CancelOperationRequest>(name));
  ASSERT_TRUE(operation.ok()) << operation.status();
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_CANCELLED);
  EXPECT_EQ(operation->detail(), "cancelled by alice");
}

// ---- what is watched

TEST_F(OperationsApiTest, AWatchShowsChangesAndEndsWithIt) {
  const std::string name = NewOperation();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 20s);
  const auto stream = stub_->WatchOperation(&context, Named<v1::WatchOperationRequest>(name));
  v1::Operation operation;
  ASSERT_TRUE(stream->Read(&operation));
  EXPECT_EQ(operation.name(), name);
  EXPECT_EQ(operation.detail(), "");
  Change(name, OperationState::kRunning, "on its way");
  ASSERT_TRUE(stream->Read(&operation));
  EXPECT_EQ(operation.detail(), "on its way");
  Change(name, OperationState::kSucceeded, "done");
  ASSERT_TRUE(stream->Read(&operation));
  EXPECT_EQ(operation.state(), v1::OPERATION_STATE_SUCCEEDED);
  EXPECT_FALSE(stream->Read(&operation));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(OperationsApiTest, AWatchOfOneThatHasEndedShowsItOnce) {
  const std::string name = NewOperation();
  Change(name, OperationState::kFailed, "no");
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 20s);
  const auto stream = stub_->WatchOperation(&context, Named<v1::WatchOperationRequest>(name));
  v1::Operation operation;
  ASSERT_TRUE(stream->Read(&operation));
  EXPECT_EQ(operation.state(), v1::OPERATION_STATE_FAILED);
  EXPECT_FALSE(stream->Read(&operation));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(OperationsApiTest, AWatchOfNothingIsTold) {
  for (const auto& [name, code] : std::map<std::string, grpc::StatusCode>{
           {"operations/" + NewUuid(), grpc::StatusCode::NOT_FOUND},
           {"nonsense", grpc::StatusCode::INVALID_ARGUMENT}}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 20s);
    const auto stream = stub_->WatchOperation(&context, Named<v1::WatchOperationRequest>(name));
    v1::Operation operation;
    EXPECT_FALSE(stream->Read(&operation));
    EXPECT_EQ(stream->Finish().error_code(), code);
  }
}

// ---- who is subscribed

TEST_F(OperationsApiTest, SubscribersComeByPagesInTheOrderOfNodes) {
  subscribers_ = std::make_shared<const Subscribers>(
      Subscribers{{"x0", {"boot-script-service"}}, {"x1", {"orca", "dvs"}}, {"x2", {"orca"}}});
  v1::ListSubscribersRequest request;
  request.set_page_size(2);
  auto page = Call(&Stub::ListSubscribers, request);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->subscribers_size(), 2);
  EXPECT_EQ(page->subscribers(0).node(), "x0");
  EXPECT_EQ(page->subscribers(1).node(), "x1");
  EXPECT_THAT(page->subscribers(1).agents(), ElementsAre("orca", "dvs"));
  EXPECT_EQ(page->next_page_token(), "x1");
  request.set_page_token(page->next_page_token());
  page = Call(&Stub::ListSubscribers, request);
  ASSERT_EQ(page->subscribers_size(), 1);
  EXPECT_EQ(page->subscribers(0).node(), "x2");
  EXPECT_EQ(page->next_page_token(), "");
}

TEST_F(OperationsApiTest, AFullLastPageIsTheLast) {
  subscribers_ = std::make_shared<const Subscribers>(Subscribers{{"x0", {}}, {"x1", {}}});
  v1::ListSubscribersRequest request;
  request.set_page_size(2);
  EXPECT_EQ(Call(&Stub::ListSubscribers, request)->next_page_token(), "");
}

TEST_F(OperationsApiTest, HmnfdThatDoesNotAnswerIsTold) {
  subscribers_ = absl::UnavailableError("503 from the gateway");
  EXPECT_EQ(Call(&Stub::ListSubscribers, v1::ListSubscribersRequest()).status(),
            absl::FailedPreconditionError("HMNFD's list cannot be read: 503 from the gateway"));
}

}  // namespace
}  // namespace muster
