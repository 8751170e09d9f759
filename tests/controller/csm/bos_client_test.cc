// BOS's and CPS's answers, and what is asked of them.
#include "controller/csm/bos_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/csm/cps_client.h"
#include "tests/fakes/http_server.h"
#include "tests/fakes/manual_time.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kComponent[] = R"({"retry_policy":3,"id":"X1000c0s0b0n1","enabled":false,
    "error":"timed out\nwaiting","session":"s1","status":{"phase":"powering_off",
    "status":"failed","status_override":"failed"},"actual_state":{"bss_token":""}})";

TEST(ParseBosComponents, ReadsWhatCounts) {
  const auto components = ParseBosComponents("[" + std::string(kComponent) + ",{\"id\":\"x2\"}]");
  ASSERT_TRUE(components.ok()) << components.status();
  ASSERT_THAT(*components, SizeIs(2));
  const BosComponent& first = (*components)[0];
  EXPECT_EQ(first.xname, "x1000c0s0b0n1");
  EXPECT_EQ(first.session, "s1");
  EXPECT_EQ(first.phase, "powering_off");
  EXPECT_EQ(first.status, "failed");
  EXPECT_EQ(first.error, "timed out waiting");
  EXPECT_FALSE(first.is_enabled);
}

TEST(ParseBosComponents, WhatIsNotBossIsAnError) {
  const auto error = [](const char* body) { return Message(ParseBosComponents(body).status()); };
  EXPECT_EQ(error("{}"), "BOS's answer is of type object, not an array");
  EXPECT_EQ(error("[7]"), "BOS's answer[0] is of type number, not an object");
  EXPECT_EQ(error(R"([{"status":"x"}])"),
            "BOS's answer[0].status is of type string, not an object");
  EXPECT_EQ(error(R"([{"enabled":"x"}])"),
            "BOS's answer[0].enabled is of type string, not true or false");
}

TEST(ParseBosSession, HasStatusAndError) {
  const auto state =
      ParseBosSession(R"({"name":"s","status":{"status":"complete","error":"No nodes\twere"}})");
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->status, "complete");
  EXPECT_EQ(state->error, "No nodes were");
  EXPECT_EQ(ParseBosSession(R"({"status":{"status":"running","error":null}})")->error, "");
  EXPECT_EQ(Message(ParseBosSession("{}").status()), "BOS's answer has no status");
}

TEST(ParseCpsServers, AreThoseWhosePodsAreAllReady) {
  const auto servers = ParseCpsServers(R"([
      {"node":"ncn-w001","podname":"p1","cpspods":[{"name":"cm","readiness":"True"}]},
      {"node":"ncn-w002","podname":"NA"},
      {"node":"ncn-w003","podname":"p3","cpspods":[{"readiness":"True"},{"readiness":"False"}]},
      {"node":"ncn-w004","podname":"p4","cpspods":[]}])");
  ASSERT_TRUE(servers.ok()) << servers.status();
  EXPECT_THAT(*servers, ElementsAre("ncn-w001"));
  EXPECT_THAT(*ParseCpsServers("[]"), IsEmpty());
  EXPECT_THAT(*ParseCpsServers("null"), IsEmpty());
  EXPECT_EQ(Message(ParseCpsServers("{}").status()),
            "CPS's answer is of type object, not an array");
}

class ContentServiceTest : public ::testing::Test {
 protected:
  HttpServer server_;
  HttpPool http_{HttpOptions{}};
  ManualTime time_;
  ServiceClient service_{{server_.url()}, http_, nullptr, time_, time_};
  BosClient bos_{service_, kNoRetry};
  CpsClient cps_{service_, kNoRetry};
};

TEST_F(ContentServiceTest, ASessionIsMadeOnce) {
  server_.Script("POST /sessions", {{201, "{}"}, {409, R"({"title":"Conflict"})"}});
  const BosSessionRequest request{"muster-off-1", "shutdown", "compute", {"x1", "x2"}};
  EXPECT_TRUE(bos_.MakeSession(request).ok());
  EXPECT_TRUE(bos_.MakeSession(request).ok()) << "it is there already";
  EXPECT_EQ(server_.requests()[0].body,
            R"({"limit":"x1,x2","name":"muster-off-1","operation":"shutdown",)"
            R"("template_name":"compute"})");
}

TEST_F(ContentServiceTest, WhatBosRefusesIsTold) {
  server_.Script("POST /sessions", {{400, R"({"title":"Bad Request","detail":"no template"})"}});
  const absl::Status status = bos_.MakeSession({"s", "boot", "none", {"x1"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("HTTP 400, Bad Request: no template"));
}

TEST_F(ContentServiceTest, MoreNodesThanASessionTakesAreToldBefore) {
  const std::vector<std::string> nodes(40'000, "x1000c0s0b0n0");
  const absl::Status status = bos_.MakeSession({"s", "boot", "t", nodes});
  EXPECT_THAT(Message(status), HasSubstr("40000 nodes are more than a session of BOS takes"));
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(ContentServiceTest, ComponentsAreAskedForInLinesOfBoundedLength) {
  std::vector<std::string> nodes(kBosComponentsAtOnce + 1, "x1000c0s0b0n0");
  nodes.back() = "x2";
  std::string first = nodes[0];
  for (size_t i = 1; i < kBosComponentsAtOnce; ++i) first += "," + nodes[i];
  server_.Script("GET /components?ids=" + first, {{200, "[" + std::string(kComponent) + "]"}});
  server_.Script("GET /components?ids=x2", {{200, R"([{"id":"x2"}])"}});
  const auto components = bos_.Components(nodes);
  ASSERT_TRUE(components.ok()) << components.status();
  EXPECT_THAT(*components, SizeIs(2));
  EXPECT_THAT(*bos_.Components({}), IsEmpty());
}

TEST_F(ContentServiceTest, ACpsThatCannotTellItsContentIsNotWell) {
  server_.Script("GET /contents", {{500, R"({"title":"Internal Server Error"})"}, {200, "[]"}});
  server_.Script("GET /deployment",
                 {{200, R"([{"node":"w1","podname":"p","cpspods":[{"readiness":"True"}]}])"}});
  EXPECT_THAT(Message(cps_.Servers().status()), HasSubstr("/contents: HTTP 500"));
  EXPECT_THAT(*cps_.Servers(), ElementsAre("w1"));
}

}  // namespace
}  // namespace muster
