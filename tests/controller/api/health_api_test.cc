// Health as an operator's program sees it.
#include <gmock/gmock.h>

#include "common/version.h"
#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using Stub = v1::Controller::StubInterface;

class HealthApiTest : public ApiTest {
 protected:
  v1::Health Health(const std::string& nodes = "", v1::HealthBy by = {}) {
    v1::GetHealthRequest request;
    if (!nodes.empty()) request.mutable_targets()->add_node_sets(nodes);
    request.set_by(by);
    const auto health = Call(&Stub::GetHealth, request);
    EXPECT_TRUE(health.ok()) << health.status();
    return health.value_or(v1::Health());
  }
  void Attach(const std::string& node, const std::string& orca) {
    Hello hello;
    hello.node = node;
    hello.agent_version = kVersion;
    hello.status.node = node;
    hello.status.units.resize(1);
    hello.status.units[0].unit = "cray-orca.service";
    hello.status.units[0].load_state = "loaded";
    hello.status.units[0].active_state = orca;
    registry_.OnAttached(hello, "", clock_.Now());
  }
  void SubscribedAre(const Subscribers& subscribers) {
    subscribers_ = std::make_shared<const Subscribers>(subscribers);
  }
};

TEST_F(HealthApiTest, TellsWhoIsNotWellAndWhy) {
  Attach("x0", "active");
  Attach("x1", "failed");
  SubscribedAre({{"x0", {"orca"}}});
  const v1::Health health = Health("x[0-1]");
  EXPECT_EQ(health.verdict(), v1::HEALTH_VERDICT_DEGRADED);
  EXPECT_EQ(health.counts().well(), 1u);
  EXPECT_EQ(health.counts().degraded(), 1u);
  ASSERT_EQ(health.groups_size(), 2);
  EXPECT_EQ(health.groups(0).kind(), v1::CONDITION_KIND_ORCA_ACTIVE);
  EXPECT_EQ(health.groups(0).reason(), "Failed");
  EXPECT_EQ(health.groups(0).nodes(), "x1");
  EXPECT_EQ(health.groups(1).kind(), v1::CONDITION_KIND_SUBSCRIBED);
  EXPECT_TRUE(health.has_subscriptions_time());
  EXPECT_EQ(Health("x0").verdict(), v1::HEALTH_VERDICT_WELL);
  EXPECT_EQ(Health("x[0-1]", v1::HEALTH_BY_ROLE).parts_size(), 1);
  v1::GetNodeRequest request;
  request.set_name("nodes/x1");
  const auto node = Call(&Stub::GetNode, request);
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->conditions_size(), 3);
}

TEST_F(HealthApiTest, WithoutHmnfdsListNobodysSubscriptionIsJudged) {
  Attach("x0", "active");
  subscribers_ = absl::UnavailableError("HTTP 503");
  const v1::Health health = Health("x0");
  EXPECT_EQ(health.verdict(), v1::HEALTH_VERDICT_WELL);
  EXPECT_FALSE(health.has_subscriptions_time());
  EXPECT_THAT(health.subscriptions_problem(), HasSubstr("503"));
  // It is left alone for a while.
  SubscribedAre({});
  EXPECT_FALSE(Health("x0").has_subscriptions_time());
}

TEST_F(HealthApiTest, UnknownNodesAreAnError) {
  v1::GetHealthRequest request;
  request.mutable_targets()->add_node_sets("x77");
  EXPECT_EQ(Call(&Stub::GetHealth, request).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace muster
