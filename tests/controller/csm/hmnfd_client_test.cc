// HMNFD ready, in trouble and out of reach.
#include "controller/csm/hmnfd_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/http_server.h"
#include "tests/fakes/manual_time.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = HmnfdState::Kind;

TEST(ParseSubscriptions, ReadsThemInLowerCaseWithDuplicates) {
  const auto list = ParseSubscriptions(R"({"SubscriptionList":[
      {"Components":["x1000c0s0b0n0"],"Subscriber":"orca@x1000c0s0b0n0",
       "SubscriberComponent":"X1000c0s0b0n0","SubscriberAgent":"ORCA","Enabled":true,
       "States":["ready"],"Url":"http://X1000c0s0b0n0:7000/scn"},
      {"SubscriberComponent":"x1000c0s0b0n0","SubscriberAgent":"orca",
       "Url":"http://x1000c0s0b0n0:7000/scn"},
      {"Subscriber":"boot-script-service@x0","Url":"http://cray-bss/boot/v1/scn"},
      {"Url":"http://nobody/"},
      {"SubscriberComponent":"x1","SubscriberAgent":null}]})");
  ASSERT_TRUE(list.ok()) << list.status();
  const Subscription orca{"x1000c0s0b0n0", "orca", "http://x1000c0s0b0n0:7000/scn"};
  EXPECT_THAT(*list,
              ElementsAre(orca, orca,
                          Subscription{"x0", "boot-script-service", "http://cray-bss/boot/v1/scn"},
                          Subscription{"x1", "", ""}));
}

TEST(ParseSubscriptions, NullIsEmpty) {
  EXPECT_THAT(*ParseSubscriptions(R"({"SubscriptionList":null})"), IsEmpty());
  EXPECT_THAT(*ParseSubscriptions(R"({"SubscriptionList":[]})"), IsEmpty());
}

TEST(ParseSubscriptions, WhatIsNotHmnfdsIsAnError) {
  const auto error = [](const char* body) { return Message(ParseSubscriptions(body).status()); };
  EXPECT_EQ(error("{}"), "HMNFD's answer has no SubscriptionList");
  EXPECT_EQ(error("null"), "HMNFD's answer is of type null, not an object");
  EXPECT_EQ(error(R"({"SubscriptionList":"x"})"),
            "HMNFD's answer.SubscriptionList is of type string, not an array");
  EXPECT_EQ(error(R"({"SubscriptionList":[{},{"Url":7}]})"),
            "HMNFD's answer, SubscriptionList[1].Url is of type number, not a string");
}

class HmnfdClientTest : public ::testing::Test {
 protected:
  HmnfdState Probe(HttpAnswer readiness, HttpAnswer liveness, HttpAnswer health) {
    server_.Script("GET /hmi/v2/readiness", {std::move(readiness)});
    server_.Script("GET /hmi/v2/liveness", {std::move(liveness)});
    server_.Script("GET /hmi/v2/health", {std::move(health)});
    return HmnfdClient(service_).Probe();
  }

  HttpServer server_;
  HttpPool http_{HttpOptions{}};
  ManualTime time_;
  ServiceClient service_{{server_.url() + "/hmi/v2"}, http_, nullptr, time_, time_};
};

TEST_F(HmnfdClientTest, ReadyIsOneQuestion) {
  const HmnfdState state = Probe({204}, {204}, {200, "{}"});
  EXPECT_EQ(state.kind, Kind::kReady);
  EXPECT_EQ(state.detail, "");
  EXPECT_GT(state.latency, 0s);
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(HmnfdClientTest, ALostHealthKeyIsToldApart) {
  const HmnfdState state =
      Probe({503}, {204}, {200, R"({"KvStore":"Health key not present","MsgBus":"Connected"})"});
  EXPECT_EQ(state.kind, Kind::kNoHealthKey);
  EXPECT_EQ(state.detail, "HMNFD at " + server_.url() +
                              "/hmi/v2 lost its health key with the data of its etcd, and is not "
                              "ready until it is restarted");
  EXPECT_GT(state.latency, 0s);
}

TEST_F(HmnfdClientTest, EtcdInTroubleIsNotReady) {
  const HmnfdState state =
      Probe({503}, {204}, {200, R"({"KvStore":"Error retrieving key:timeout"})"});
  EXPECT_EQ(state.kind, Kind::kNotReady);
  EXPECT_THAT(state.detail, HasSubstr("readiness 503, liveness 204, health \"Error retrieving"));
}

TEST_F(HmnfdClientTest, AMeshWithoutEndpointsIsNotReady) {
  const HttpAnswer none{503, "no healthy upstream", "text/plain"};
  const HmnfdState state = Probe(none, none, none);
  EXPECT_EQ(state.kind, Kind::kNotReady);
  EXPECT_THAT(state.detail, HasSubstr("readiness 503 (no healthy upstream), liveness 503"));
}

TEST_F(HmnfdClientTest, DeniedIsDenied) {
  for (const int status : {401, 403}) {
    const HmnfdState state = Probe({status, "RBAC: access denied"}, {204}, {200, "{}"});
    EXPECT_EQ(state.kind, Kind::kDenied);
    EXPECT_THAT(state.detail, HasSubstr("RBAC: access denied"));
  }
  EXPECT_EQ(server_.requests().size(), 2u);
}

TEST_F(HmnfdClientTest, NobodyThereIsUnreachable) {
  ServiceClient nobody({UrlOfNobody()}, http_, nullptr, time_, time_);
  const HmnfdState state = HmnfdClient(nobody).Probe();
  EXPECT_EQ(state.kind, Kind::kUnreachable);
  EXPECT_THAT(state.detail, HasSubstr("/readiness: Failed to connect"));
  EXPECT_EQ(state.latency, 0s);
  EXPECT_THAT(time_.waits(), IsEmpty());
}

TEST_F(HmnfdClientTest, WithoutATokenItIsDenied) {
  server_.Script("POST /token", {{401, R"({"error":"invalid_client"})"}});
  TokenSource tokens({server_.url() + "/token", "client", "secret"}, http_, time_);
  ServiceClient service({server_.url() + "/hmi/v2"}, http_, &tokens, time_, time_);
  EXPECT_EQ(HmnfdClient(service).Probe().kind, Kind::kDenied);
}

TEST_F(HmnfdClientTest, ListsWithOneRequest) {
  server_.Script("GET /hmi/v2/subscriptions",
                 {{200, R"({"SubscriptionList":[{"SubscriberComponent":"x1"}]})"}});
  HmnfdClient client(service_);
  EXPECT_THAT(*client.List(), ElementsAre(Subscription{"x1", "", ""}));
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(HmnfdClientTest, AListWaitsForAnElection) {
  server_.Script("GET /hmi/v2/subscriptions",
                 {{500}, {503}, {200, R"({"SubscriptionList":null})"}});
  HmnfdClient client(service_);
  EXPECT_THAT(*client.List(), IsEmpty());
}

}  // namespace
}  // namespace muster
