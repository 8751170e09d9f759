// Tokens from a Keycloak that gives them, refuses them, and fails.
#include "controller/csm/token_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <thread>

#include "tests/fakes/http_server.h"
#include "tests/fakes/manual_time.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPost[] = "POST /token";

HttpAnswer Gives(const std::string& token, int seconds) {
  return {200, fmt::format(R"({{"access_token":"{}","expires_in":{},"token_type":"bearer"}})",
                           token, seconds)};
}

class TokenSourceTest : public ::testing::Test {
 protected:
  TokenSource Source(const std::string& secret = "s3cret&") {
    return TokenSource({server_.url() + "/token", "admin-client", secret}, http_, time_);
  }
  TokenSource SourceWithFile() {
    return TokenSource({server_.url() + "/token", "admin-client", "", dir_.path() + "/secret"},
                       http_, time_);
  }
  void WriteSecret(const std::string& text) { std::ofstream(dir_.path() + "/secret") << text; }

  TempDir dir_;
  HttpServer server_;
  HttpPool http_{HttpOptions{}};
  ManualTime time_;
};

TEST_F(TokenSourceTest, AsksAsAClientAndKeepsWhatItGets) {
  server_.Script(kPost, {Gives("t1", 300)});
  TokenSource source = Source();
  EXPECT_EQ(*source.Token(), "t1");
  EXPECT_EQ(*source.Token(), "t1");
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].body,
            "grant_type=client_credentials&client_id=admin-client&client_secret=s3cret%26");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/x-www-form-urlencoded");
}

TEST_F(TokenSourceTest, RenewsAtEightyPercent) {
  server_.Script(kPost, {Gives("t1", 300), Gives("t2", 300)});
  TokenSource source = Source();
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(239s);
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(1s);
  EXPECT_EQ(*source.Token(), "t2");
}

TEST_F(TokenSourceTest, RenewsAtLeastThirtySecondsBeforeTheEnd) {
  server_.Script(kPost, {Gives("t1", 100), Gives("t2", 100)});
  TokenSource source = Source();
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(70s);
  EXPECT_EQ(*source.Token(), "t2");
}

TEST_F(TokenSourceTest, AShortLifeIsNotRenewedEachTime) {
  server_.Script(kPost, {Gives("t1", 20), Gives("t2", 20)});
  TokenSource source = Source();
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(9s);
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(1s);
  EXPECT_EQ(*source.Token(), "t2");
}

TEST_F(TokenSourceTest, WhileRenewalFailsTheOldOneServes) {
  server_.Script(kPost, {Gives("t1", 300), {503, "no healthy upstream"}});
  TokenSource source = Source();
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(250s);
  EXPECT_EQ(*source.Token(), "t1");
  EXPECT_EQ(*source.Token(), "t1");
  EXPECT_EQ(server_.requests().size(), 2u) << "and Keycloak is not asked each time";
  time_.Advance(50s);
  const absl::Status error = source.Token().status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable) << "to its end";
  EXPECT_EQ(Message(error), "get a token as client admin-client: POST " + server_.url() +
                                "/token: HTTP 503, no healthy upstream");
}

TEST_F(TokenSourceTest, AnInvalidOneIsFetchedAnew) {
  server_.Script(kPost, {Gives("t1", 300), Gives("t2", 300)});
  TokenSource source = Source();
  EXPECT_EQ(*source.Token(), "t1");
  source.Invalidate("another");
  EXPECT_EQ(*source.Token(), "t1");
  source.Invalidate("t1");
  EXPECT_EQ(*source.Token(), "t2");
  source.Invalidate("t1");
  EXPECT_EQ(*source.Token(), "t2") << "a late 401 with the old one does not matter";
}

TEST_F(TokenSourceTest, ARefusalIsUnauthenticatedWithoutTheSecret) {
  server_.Script(kPost, {{401, R"({"error":"invalid_client","error_description":"bad s3cret&!"})"},
                         {400, R"({"error":"unauthorized_client"})"}});
  TokenSource source = Source();
  const absl::Status error = source.Token().status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(Message(error), HasSubstr("invalid_client: bad ***!"));
  EXPECT_THAT(Message(error), Not(HasSubstr("s3cret")));
  EXPECT_EQ(source.Token().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(TokenSourceTest, WhatIsNoTokenIsRefusedAndNotShown) {
  server_.Script(kPost, {{200, R"({"access_token":"a\r\nX: y","expires_in":300})"},
                         {200, R"({"expires_in":300})"},
                         {200, R"({"access_token":"s3cret)"},
                         {200, R"(["s3cret"])"}});
  TokenSource source = Source();
  for (int i = 0; i < 4; ++i) {
    const absl::Status error = source.Token().status();
    EXPECT_EQ(error.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(Message(error), Not(HasSubstr("s3c")));
    EXPECT_THAT(Message(error), HasSubstr("the answer of " + server_.url()));
  }
}

TEST_F(TokenSourceTest, ALifetimeThatIsNotToldIsShort) {
  server_.Script(kPost, {{200, R"({"access_token":"t1"})"}, Gives("t2", 300)});
  TokenSource source = Source();
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(30s);
  EXPECT_EQ(*source.Token(), "t2");
}

TEST_F(TokenSourceTest, AYearIsAYear) {
  server_.Script(kPost, {Gives("t1", 365 * 86'400), Gives("t2", 300)});
  TokenSource source = Source();
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(24h * 291);
  EXPECT_EQ(*source.Token(), "t1");
  time_.Advance(24h);
  EXPECT_EQ(*source.Token(), "t2");
}

TEST_F(TokenSourceTest, TheSecretsFileIsReadEachTime) {
  server_.Script(kPost, {Gives("t1", 300)});
  TokenSource source = SourceWithFile();
  WriteSecret("first\n");
  ASSERT_TRUE(source.Token().ok());
  WriteSecret("second\r\n");
  source.Invalidate("t1");
  ASSERT_TRUE(source.Token().ok());
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests[0].body, ::testing::EndsWith("&client_secret=first"));
  EXPECT_THAT(requests[1].body, ::testing::EndsWith("&client_secret=second"));
}

TEST_F(TokenSourceTest, WithoutASecretNothingIsAsked) {
  TokenSource source = SourceWithFile();
  const std::string path = dir_.path() + "/secret";
  EXPECT_EQ(Message(source.Token().status()),
            "read the client's secret " + path + ": No such file or directory");
  WriteSecret("\n");
  EXPECT_EQ(Message(source.Token().status()), "read the client's secret " + path + ": it is empty");
  WriteSecret(std::string(5000, 'a'));
  EXPECT_THAT(Message(source.Token().status()), HasSubstr("too large"));
  EXPECT_EQ(source.Token().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Source("").Token().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(server_.requests().size(), 0u);
}

TEST_F(TokenSourceTest, ManyThreadsFetchOnce) {
  server_.Script(kPost, {Gives("t1", 300)});
  TokenSource source = Source();
  Mutex mutex;
  std::set<std::string> tokens;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const std::string token = source.Token().value_or("none");
      const MutexLock lock(mutex);
      tokens.insert(token);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tokens, std::set<std::string>{"t1"});
  EXPECT_EQ(server_.requests().size(), 1u);
}

}  // namespace
}  // namespace muster
