// Requests to a server that answers well, badly, late and not at all.
#include "controller/csm/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <fstream>

#include "controller/csm/http_pool.h"
#include "tests/fakes/http_server.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Manner = HttpAnswer::Manner;

HttpRequest Get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

TEST(HttpClient, GivesWhateverStatusComesBack) {
  HttpServer server;
  server.Script("GET /a?b=c", {{200, "{}"}, {503, "no healthy upstream", "text/plain"}, {204}});
  HttpClient client({});
  const auto good = client.Do(Get(server.url() + "/a?b=c"));
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(good->status, 200);
  EXPECT_EQ(good->body, "{}");
  EXPECT_EQ(good->content_type, "application/json");
  EXPECT_GT(good->took, 0s);
  const auto bad = client.Do(Get(server.url() + "/a?b=c"));
  ASSERT_TRUE(bad.ok()) << bad.status();
  EXPECT_EQ(bad->status, 503);
  EXPECT_EQ(bad->body, "no healthy upstream");
  const auto empty = client.Do(Get(server.url() + "/a?b=c"));
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->status, 204);
  EXPECT_EQ(empty->body, "");
  EXPECT_EQ(server.connections(), 1u) << "kept from one request to the next";
}

TEST(HttpClient, SendsMethodHeadersAndBody) {
  HttpServer server;
  server.Script("PATCH /a", {{204}});
  HttpClient client({});
  HttpRequest request = Get(server.url() + "/a");
  request.method = "PATCH";
  request.headers = {"Content-Type: application/json"};
  request.body = std::string("{\"a\":\0}", 7);
  ASSERT_TRUE(client.Do(request).ok());
  ASSERT_TRUE(client.Do(Get(server.url() + "/b")).ok());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].method, "PATCH");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/json");
  EXPECT_EQ(requests[0].body, request.body);
  EXPECT_THAT(requests[0].headers.at("user-agent"), StartsWith("musterd/"));
  EXPECT_EQ(requests[1].method, "GET") << "nothing stays of the one before";
  EXPECT_EQ(requests[1].body, "");
}

TEST(HttpClient, AMethodOtherThanGetMayHaveNoBody) {
  HttpServer server;
  server.Script("DELETE /a", {{204}});
  server.Script("HEAD /a", {{200, "not sent"}});
  HttpClient client({});
  HttpRequest request = Get(server.url() + "/a");
  request.method = "DELETE";
  EXPECT_EQ(client.Do(request)->status, 204);
  request.method = "HEAD";
  EXPECT_EQ(client.Do(request)->status, 200);
}

TEST(HttpClient, ABodyBeyondTheLimitIsNotRead) {
  HttpServer server;
  server.Script("GET /a", {{200, std::string(1000, 'a')}});
  HttpClient client({});
  HttpRequest request = Get(server.url() + "/a");
  request.max_body_bytes = 1000;
  EXPECT_TRUE(client.Do(request).ok());
  request.max_body_bytes = 999;
  const absl::Status error = client.Do(request).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Message(error),
            "GET " + request.url + ": the answer has more than 999 bytes and was not read");
}

TEST(HttpClient, NobodyThereIsUnavailable) {
  HttpClient client({});
  const std::string url = UrlOfNobody() + "/a";
  const absl::Status error = client.Do(Get(url)).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(error), StartsWith("GET " + url + ": Failed to connect"));
}

TEST(HttpClient, AServerThatHangsUpIsUnavailable) {
  HttpServer server;
  server.Script("GET /a", {{.manner = Manner::kHangsUp}});
  HttpClient client({});
  EXPECT_EQ(client.Do(Get(server.url() + "/a")).status().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpClient, WhatMustNotBeDoneTwiceIsSentOnce) {
  HttpServer server;
  server.Script("POST /a", {{200}, {.manner = Manner::kHangsUp}});
  HttpClient client({});
  HttpRequest request = Get(server.url() + "/a");
  request.method = "POST";
  ASSERT_TRUE(client.Do(request).ok());
  EXPECT_EQ(client.Do(request).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(HttpClient, ASilentServerHasItsTime) {
  HttpServer server;
  server.Script("GET /a", {{.manner = Manner::kSilent}});
  HttpClient client({});
  HttpRequest request = Get(server.url() + "/a");
  request.timeout = 50ms;
  const absl::Status error = client.Do(request).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(Message(error), HasSubstr("timed out"));
}

TEST(HttpClient, StopEndsWhatIsUnderWay) {
  HttpServer server;
  server.Script("GET /a", {{.manner = Manner::kSilent}});
  HttpOptions options;
  options.is_stopped = [&] { return !server.requests().empty(); };
  HttpClient client(options);
  const absl::Status error = client.Do(Get(server.url() + "/a")).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(Message(error), HasSubstr("musterd is stopping"));
}

TEST(HttpClient, StoppedItSendsNothing) {
  HttpServer server;
  HttpOptions options;
  options.is_stopped = [] { return true; };
  HttpClient client(options);
  EXPECT_EQ(client.Do(Get(server.url() + "/a")).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(server.connections(), 0u);
}

TEST(HttpClient, RedirectsAreNotFollowed) {
  HttpServer server;
  server.Script("GET /a", {{302}});
  HttpClient client({});
  EXPECT_EQ(client.Do(Get(server.url() + "/a"))->status, 302);
}

TEST(HttpClient, OnlyHttp) {
  HttpClient client({});
  EXPECT_EQ(client.Do(Get("file:///etc/passwd")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(client.Do(Get("no url")).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HttpClient, ALineEndInAHeaderIsRefusedAndNotShown) {
  HttpClient client({});
  HttpRequest request = Get("http://h/a");
  request.headers = {"Authorization: Bearer s3cret\r\nX: y"};
  const absl::Status error = client.Do(request).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(error), Not(HasSubstr("s3cret")));
}

TEST(HttpClient, TheEnvironmentsProxyIsNotAsked) {
  HttpServer server;
  server.Script("GET /a", {{200}});
  setenv("http_proxy", UrlOfNobody().c_str(), 1);
  HttpClient client({});
  const auto response = client.Do(Get(server.url() + "/a"));
  HttpOptions options;
  options.proxy_from_environment = true;
  const auto by_proxy = HttpClient(options).Do(Get(server.url() + "/a"));
  unsetenv("http_proxy");
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(by_proxy.status().code(), absl::StatusCode::kUnavailable) << "unless told to";
}

TestCa::Issued IssueFor(const TestCa& ca, const std::string& address) {
  Leaf leaf;
  leaf.ip_addresses = {address};
  return ca.Issue(leaf);
}

class HttpsClient : public ::testing::Test {
 protected:
  HttpsClient() : server_(IssueFor(ca_, "127.0.0.1")) {
    server_.Script("GET /a", {{200, "over TLS"}});
  }
  absl::StatusOr<HttpResponse> Ask(const TestCa& trusted) {
    const std::string path = dir_.path() + "/ca.pem";
    std::ofstream(path) << trusted.pem();
    return HttpClient({.ca_file = path}).Do(Get(server_.url() + "/a"));
  }

  TempDir dir_;
  TestCa ca_;
  HttpServer server_;
};

TEST_F(HttpsClient, TrustsTheBundle) {
  const auto response = Ask(ca_);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "over TLS");
}

TEST_F(HttpsClient, AnotherAuthorityIsNoneThatVerifies) {
  const absl::Status error = Ask(TestCa("another CA")).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(error), HasSubstr("certificate"));
}

TEST_F(HttpsClient, ABundleThatIsNotThereIsSaid) {
  const absl::Status error =
      HttpClient({.ca_file = dir_.path() + "/none.pem"}).Do(Get(server_.url() + "/a")).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(error), HasSubstr("none.pem"));
}

TEST(HttpsClientName, ACertificateOfAnotherHostDoesNotVerify) {
  const TestCa ca;
  HttpServer server(IssueFor(ca, "127.0.0.2"));
  const TempDir dir;
  const std::string path = dir.path() + "/ca.pem";
  std::ofstream(path) << ca.pem();
  EXPECT_EQ(HttpClient({.ca_file = path}).Do(Get(server.url() + "/a")).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(HttpPool, ServesManyThreadsAndKeepsConnections) {
  HttpServer server;
  server.Script("GET /a", {{200}});
  HttpPool pool({});
  ASSERT_TRUE(pool.Do(Get(server.url() + "/a")).ok());
  ASSERT_TRUE(pool.Do(Get(server.url() + "/a")).ok());
  EXPECT_EQ(server.connections(), 1u);
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (pool.Do(Get(server.url() + "/a")).ok()) ++answered;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 8);
}

}  // namespace
}  // namespace muster
