// The inventory that HSM and SLS make together.
#include "controller/csm/hsm_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "common/log.h"
#include "tests/fakes/http_server.h"
#include "tests/fakes/manual_time.h"

namespace muster {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kComponents[] = "GET /hsm/v2/State/Components?type=Node";
constexpr char kMemberships[] = "GET /hsm/v2/memberships?type=Node";
constexpr char kSls[] = "GET /v1/search/hardware?type=comptype_node";
constexpr char kTwoNodes[] = R"({"Components":[
    {"ID":"x3000c0s7b0n0","State":"Ready","Role":"Management","SubRole":"Worker","NID":100004},
    {"ID":"x1000c0s0b0n0","State":"Ready","Role":"Compute","NID":1}]})";

class HsmClientTest : public ::testing::Test {
 protected:
  HsmClientTest() {
    server_.Script(kComponents, {{200, kTwoNodes}});
    server_.Script(kMemberships, {{200, "[]"}});
  }

  HttpServer server_;
  HttpPool http_{HttpOptions{}};
  ManualTime time_;
  ServiceClient hsm_service_{{server_.url() + "/hsm/v2"}, http_, nullptr, time_, time_};
  ServiceClient sls_service_{{server_.url() + "/v1"}, http_, nullptr, time_, time_};
  SlsClient sls_{sls_service_};
};

TEST_F(HsmClientTest, WithoutSlsComputeNodesAreNamedByNid) {
  const auto nodes = HsmClient(hsm_service_, nullptr).Nodes();
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  ASSERT_EQ(nodes->size(), 2u);
  EXPECT_EQ((*nodes)[0].xname, "x1000c0s0b0n0") << "in natural order";
  EXPECT_EQ((*nodes)[0].nid, 1u);
  EXPECT_THAT((*nodes)[1].aliases, IsEmpty());
}

TEST_F(HsmClientTest, SlsNamesThem) {
  server_.Script(kSls, {{200, R"([{"Xname":"x3000c0s7b0n0",
      "ExtraProperties":{"NID":100004,"Aliases":["ncn-w001"]}}])"}});
  const auto nodes = HsmClient(hsm_service_, &sls_).Nodes();
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_THAT((*nodes)[0].aliases, IsEmpty()) << "SLS says nothing of it";
  EXPECT_THAT((*nodes)[1].aliases, ElementsAre("ncn-w001"));
}

TEST_F(HsmClientTest, WhileSlsIsDownItsNamesStay) {
  server_.Script(kSls, {{200, R"([{"Xname":"x3000c0s7b0n0",
      "ExtraProperties":{"Aliases":["ncn-w001"]}}])"},
                        {503}});
  HsmClient client(hsm_service_, &sls_);
  ASSERT_TRUE(client.Nodes().ok());
  const auto nodes = client.Nodes();
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_THAT((*nodes)[1].aliases, ElementsAre("ncn-w001"));
}

TEST_F(HsmClientTest, TheLogTellsOfSlsWhenSomethingChanges) {
  log::Init("test", log::Level::kInfo);
  server_.Script(kSls, {{404}, {404}, {403}, {403}, {200, "[]"}, {200, "[]"}});
  HsmClient client(hsm_service_, &sls_);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(client.Nodes().ok());
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3) << lines;
  EXPECT_THAT(lines, AllOf(HasSubstr("404"), HasSubstr("403"), HasSubstr("SLS answers again")));
}

TEST_F(HsmClientTest, GroupsAndPartitionsComeWithThem) {
  server_.Script(kMemberships, {{200, R"([{"id":"x1000c0s0b0n0","groupLabels":["blue"],
      "partitionName":"p1"}])"}});
  const auto nodes = HsmClient(hsm_service_, nullptr).Nodes();
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_THAT((*nodes)[0].groups, ElementsAre("blue"));
  EXPECT_EQ((*nodes)[0].partition, "p1");
  EXPECT_THAT((*nodes)[1].groups, IsEmpty());
}

TEST_F(HsmClientTest, AnHsmWithoutMembershipsHasNoGroups) {
  server_.Script(kMemberships, {{404}});
  const auto nodes = HsmClient(hsm_service_, nullptr).Nodes();
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_EQ(nodes->size(), 2u);
}

TEST_F(HsmClientTest, ErrorsOfHsmAreErrors) {
  server_.Script(kMemberships, {{500}});
  EXPECT_EQ(HsmClient(hsm_service_, nullptr).Nodes().status().code(),
            absl::StatusCode::kUnavailable)
      << "groups that are not known are not none";
  server_.Script(kComponents, {{200, "{}"}});
  EXPECT_EQ(HsmClient(hsm_service_, nullptr).Nodes().status().code(), absl::StatusCode::kInternal);
}

TEST_F(HsmClientTest, TellsWhoHearsOfChanges) {
  server_.Script("GET /hsm/v2/Subscriptions/SCN",
                 {{200, R"({"SubscriptionList":[{"ID":1,"Subscriber":"hmnfd@h",
                            "Url":"http://cray-hmnfd/hmi/v1/scn"}]})"}});
  const auto subscriptions = HsmClient(hsm_service_, nullptr).ScnSubscriptions();
  ASSERT_TRUE(subscriptions.ok()) << subscriptions.status();
  EXPECT_THAT(*subscriptions,
              ElementsAre(ScnSubscription{"hmnfd@h", "http://cray-hmnfd/hmi/v1/scn"}));
}

TEST(Join, EachNodeOnce) {
  const auto nodes = Join({{.xname = "x2"}, {.xname = "x10"}, {.xname = "x2"}}, {}, {});
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].xname, "x2");
  EXPECT_EQ(nodes[1].xname, "x10");
}

TEST(Join, TheNidIsHsmsAndElseSlss) {
  const SlsNodes sls = {{"x1", {{}, 7}}, {"x2", {{}, 8}}};
  const auto nodes =
      Join({{.xname = "x1", .role = "Compute", .nid = 1'234'567}, {.xname = "x2"}}, {}, sls);
  EXPECT_EQ(nodes[0].nid, 1'234'567u);
  EXPECT_EQ(nodes[1].nid, 8u);
}

}  // namespace
}  // namespace muster
