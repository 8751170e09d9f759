// One service, with and without tokens, in good days and bad ones.
#include "controller/csm/service_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/fakes/http_server.h"
#include "tests/fakes/manual_time.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using Manner = HttpAnswer::Manner;

class ServiceClientTest : public ::testing::Test {
 protected:
  ServiceClient Client(const std::string& base_url = "") {
    return ServiceClient({base_url.empty() ? server_.url() + "/v2" : base_url}, http_,
                         tokens_ ? &*tokens_ : nullptr, time_, time_);
  }
  // Keycloak gives t1, t2 and from then on t3.
  void UseTokens() {
    server_.Script("POST /token", {{200, R"({"access_token":"t1","expires_in":300})"},
                                   {200, R"({"access_token":"t2","expires_in":300})"},
                                   {200, R"({"access_token":"t3","expires_in":300})"}});
    tokens_.emplace(TokenOptions{server_.url() + "/token", "client", "secret"}, http_, time_);
  }
  std::vector<std::string> TokensSent() const {
    std::vector<std::string> result;
    for (const HttpServer::Request& request : server_.requests()) {
      const auto header = request.headers.find("authorization");
      if (header != request.headers.end()) result.push_back(header->second);
    }
    return result;
  }

  HttpServer server_;
  HttpPool http_{HttpOptions{}};
  ManualTime time_;
  std::optional<TokenSource> tokens_;
};

TEST_F(ServiceClientTest, GetsABody) {
  server_.Script("GET /v2/a?b=c", {{200, "[1]"}});
  EXPECT_EQ(*Client().Get("/a?b=c"), "[1]");
  EXPECT_THAT(TokensSent(), ElementsAre()) << "none without a source of them";
}

TEST_F(ServiceClientTest, SendsABody) {
  server_.Script("PUT /v2/a", {{201, "done"}});
  const auto response = Client().Send("PUT", "/a", R"({"b":1})");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "done");
  EXPECT_EQ(server_.requests().at(0).body, R"({"b":1})");
  EXPECT_EQ(server_.requests().at(0).headers.at("content-type"), "application/json");
}

TEST_F(ServiceClientTest, WhatMayPassIsTriedAgain) {
  server_.Script("GET /v2/a", {{.manner = Manner::kHangsUp}, {503}, {429}, {200, "good"}});
  EXPECT_EQ(*Client().Get("/a"), "good");
  EXPECT_THAT(time_.waits(), ElementsAre(100ms, 200ms, 400ms));
}

TEST_F(ServiceClientTest, GivesUpWhenItsTimeHasPassed) {
  server_.Script("GET /v2/a", {{503, "no healthy upstream"}});
  const absl::Status error = Client().Get("/a", 90s).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  // 0.1 + 0.2 + … + 3.2 = 6.3 s, then 5 s each.
  EXPECT_EQ(Message(error), "GET " + server_.url() +
                                "/v2/a: HTTP 503, no healthy upstream (tried 23 times in 86 s)");
  for (const Duration wait : time_.waits()) EXPECT_LE(wait, 5s);
}

TEST_F(ServiceClientTest, TriesOnceIfToldTo) {
  server_.Script("GET /v2/a", {{503}, {200}});
  const absl::Status error = Client().Get("/a", kNoRetry).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(error), EndsWith("HTTP 503"));
  EXPECT_THAT(time_.waits(), ElementsAre());
}

TEST_F(ServiceClientTest, WhatWillNotPassIsAnErrorAtOnce) {
  server_.Script("GET /v2/a", {{400, R"({"title":"Bad Request","detail":"bad query param"})"}});
  const absl::Status error = Client().Get("/a").status();
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(error),
            "GET " + server_.url() + "/v2/a: HTTP 400, Bad Request: bad query param");
  for (const int status : {302, 403, 404, 409, 501}) {
    server_.Script("GET /v2/a", {{status}});
    EXPECT_FALSE(Client().Get("/a").ok());
  }
  EXPECT_THAT(time_.waits(), ElementsAre());
}

TEST_F(ServiceClientTest, NobodyThereIsTriedAgain) {
  const absl::Status error = Client(UrlOfNobody()).Get("/a", 1s).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(error), HasSubstr("(tried 4 times in 0 s)"));
}

TEST_F(ServiceClientTest, StopEndsTheWaiting) {
  server_.Script("GET /v2/a", {{503}});
  time_.Stop();
  const absl::Status error = Client().Get("/a").status();
  EXPECT_EQ(error.code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(Message(error), HasSubstr("HTTP 503 (given up, musterd is stopping)"));
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(ServiceClientTest, ARefusedTokenIsFetchedAnewOnce) {
  UseTokens();
  server_.Script("GET /v2/a", {{401, "Jwt is expired"}, {200, "good"}});
  EXPECT_EQ(*Client().Get("/a"), "good");
  EXPECT_THAT(TokensSent(), ElementsAre("Bearer t1", "Bearer t2"));
  EXPECT_THAT(time_.waits(), ElementsAre());
}

TEST_F(ServiceClientTest, ASecondRefusalIsUnauthenticated) {
  UseTokens();
  server_.Script("GET /v2/a", {{401, "Jwt issuer is not configured"}});
  const absl::Status error = Client().Get("/a").status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(Message(error), EndsWith("HTTP 401, Jwt issuer is not configured"));
  EXPECT_THAT(TokensSent(), ElementsAre("Bearer t1", "Bearer t2"));
}

TEST_F(ServiceClientTest, AKeycloakThatIsDownIsTriedAgain) {
  UseTokens();
  server_.Script("POST /token", {{503}, {200, R"({"access_token":"t9","expires_in":300})"}});
  server_.Script("GET /v2/a", {{200, "good"}});
  EXPECT_EQ(*Client().Get("/a"), "good");
  EXPECT_THAT(TokensSent(), ElementsAre("Bearer t9"));
}

TEST_F(ServiceClientTest, AskGivesAnyStatusAndTriesOnce) {
  UseTokens();
  server_.Script("GET /v2/readiness", {{503, "no"}});
  const auto response = Client().Ask("/readiness", 2s);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 503);
  server_.Script("GET /v2/silent", {{.manner = Manner::kSilent}});
  EXPECT_EQ(Client().Ask("/silent", 50ms).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(time_.waits(), ElementsAre());
}

}  // namespace
}  // namespace muster
