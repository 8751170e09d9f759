// The web port by HTTPS, and its end while somebody waits for HMNFD.
#include "controller/web/web_server.h"

#include <gmock/gmock.h>

#include <future>
#include <optional>

#include "controller/csm/http_client.h"
#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;

constexpr char kLookToken[] = "0123456789abcdefghijklmnopqrstuv";

// HMNFD answers when the test says so.
class WebServerTest : public ApiTest {
 protected:
  WebServerTest() {
    const std::string dir =
        pki_.MakeTlsDir("web", certificate_ = pki_.Issue("spiffe://muster/controller/web"));
    ca_file_ = dir + "/ca.pem";
    Start();
  }

  void Start() {
    WebServer::Options options{
        "127.0.0.1:0", {pki_.ca_pem(), certificate_.cert_pem, certificate_.key_pem}, {}, [] {
          return std::string("metrics");
        }};
    web_ = std::make_unique<WebServer>(
        std::move(options), access_,
        WebSources{registry_, waiting_health_, fleet_, *jobs_, *history_reader_}, *control_,
        *feed_jobs_, refusals_);
    ASSERT_TRUE(web_->Start().ok());
  }

  std::future<absl::StatusOr<HttpResponse>> Get(const std::string& path) {
    HttpRequest request;
    request.url = fmt::format("https://localhost:{}{}", web_->port(), path);
    request.headers = {std::string("Authorization: Bearer ") + kLookToken};
    request.timeout = 60s;
    return std::async(std::launch::async,
                      [this, request] { return HttpClient({.ca_file = ca_file_}).Do(request); });
  }
  // What HMNFD's answer goes to, when it was asked.
  SubscriberList::ListDone AwaitAsked() {
    const MutexLock lock(asked_mutex_);
    while (!asked_) is_asked_.wait(asked_mutex_);
    return *std::exchange(asked_, std::nullopt);
  }

  Mutex asked_mutex_;
  CondVar is_asked_;
  std::optional<SubscriberList::ListDone> asked_;
  SubscriberList waiting_list_{[this](SubscriberList::ListDone done) {
                                 const MutexLock lock(asked_mutex_);
                                 asked_ = std::move(done);
                                 is_asked_.notify_all();
                               },
                               clock_};
  FleetHealth waiting_health_{waiting_list_, registry_, clock_};
  FleetWatch fleet_{{}, registry_, waiting_list_, *history_, {}, clock_};
  std::unique_ptr<SqliteJobReader> jobs_ = std::move(*SqliteJobReader::Open(dir_));
  std::unique_ptr<SqliteJobReader> feed_jobs_ = std::move(*SqliteJobReader::Open(dir_));
  WebAccess access_{IdentityPatterns(), nullptr, kLookToken};
  TestCertificate certificate_;
  std::string ca_file_;
  std::unique_ptr<WebServer> web_;
};

TEST_F(WebServerTest, HealthComesWhenHmnfdHasAnswered) {
  auto health = Get("/api/health");
  AwaitAsked()(std::make_shared<const SubscriberList::Subscribers>());
  const absl::StatusOr<HttpResponse> response = health.get();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->body, HasSubstr("\"verdict\""));
}

TEST_F(WebServerTest, StopsWhileHmnfdDoesNotAnswer) {
  auto health = Get("/api/health");
  const SubscriberList::ListDone answer = AwaitAsked();
  web_->Stop();
  const absl::StatusOr<HttpResponse> response = health.get();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 503);
  EXPECT_THAT(response->body, HasSubstr("the web port is being stopped: try again"));
  // The next one is there; what HMNFD says at last is for nobody.
  Start();
  answer(std::make_shared<const SubscriberList::Subscribers>());
  const absl::StatusOr<HttpResponse> next = Get("/api/health").get();
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->status, 200);
}

TEST_F(WebServerTest, AnotherTokenTakesNoOtherServer) {
  EXPECT_EQ(Get("/metrics").get()->status, 200);
  access_.SetToken("another token, which is long enough");
  EXPECT_EQ(Get("/metrics").get()->status, 401);
}

}  // namespace
}  // namespace muster
