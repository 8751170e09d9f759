// All services of one configuration, together.
#include "controller/csm/csm_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/fakes/http_server.h"

namespace muster {
namespace {

using ::testing::ElementsAre;

TEST(CsmServices, WhatIsNotConfiguredIsNotThere) {
  const SystemClock clock;
  CsmServices services({}, clock);
  EXPECT_EQ(services.subscriptions(), nullptr);
  EXPECT_EQ(services.nodes(), nullptr);
  EXPECT_EQ(services.bss(), nullptr);
}

TEST(CsmServices, AreReachedThroughOneGatewayWithOneToken) {
  HttpServer server;
  server.Script("POST /token", {{200, R"({"access_token":"t1","expires_in":300})"}});
  server.Script("GET /hsm/State/Components?type=Node", {{200, R"({"Components":[{"ID":"x1"}]})"}});
  server.Script("GET /hsm/memberships?type=Node", {{200, "[]"}});
  server.Script("GET /sls/search/hardware?type=comptype_node",
                {{200, R"([{"Xname":"x1","ExtraProperties":{"Aliases":["uan01"]}}])"}});
  server.Script("GET /hmnfd/subscriptions", {{200, R"({"SubscriptionList":null})"}});
  server.Script("GET /bss/service/status/all", {{200, "{}"}});
  CsmConfig config;
  config.hsm = server.url() + "/hsm";
  config.sls = server.url() + "/sls";
  config.hmnfd = server.url() + "/hmnfd";
  config.bss = server.url() + "/bss";
  config.token_url = server.url() + "/token";
  config.client_id = "client";
  const SystemClock clock;
  CsmServices services(config, clock, "secret from the environment");
  const auto nodes = services.nodes()->Nodes();
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_THAT(nodes->at(0).aliases, ElementsAre("uan01"));
  EXPECT_TRUE(services.subscriptions()->List()->empty());
  EXPECT_EQ(*services.bss()->Get("/service/status/all"), "{}");
  EXPECT_EQ(server.connections(), 1u);
  for (const HttpServer::Request& request : server.requests()) {
    if (request.method == "POST") continue;
    EXPECT_EQ(request.headers.at("authorization"), "Bearer t1") << request.target;
  }
}

TEST(CsmServices, StopEndsACallThatTriesAgain) {
  CsmConfig config;
  config.hmnfd = UrlOfNobody();
  const SystemClock clock;
  CsmServices services(config, clock);
  absl::Status error;
  std::thread caller([&] { error = services.subscriptions()->List().status(); });
  services.Stop();
  caller.join();
  EXPECT_EQ(error.code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace muster
