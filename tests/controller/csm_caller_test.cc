// What operations and operators ask of CSM, with the real clients and a kubectl that is a script.
#include "controller/csm_caller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "tests/fakes/http_server.h"
#include "tests/fakes/manual_time.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kList[] = "GET /hmi/v2/subscriptions";
constexpr char kScn[] = "GET /hsm/v2/Subscriptions/SCN";

class News final : public ServiceListener {
 public:
  void Tell(ServiceNews news) override {
    const MutexLock lock(mutex_);
    news_.push_back(std::move(news));
    changed_.notify_all();
  }
  ServiceNews Next() {
    const MutexLock lock(mutex_);
    while (news_.empty()) changed_.wait(mutex_);
    ServiceNews news = std::move(news_.front());
    news_.pop_front();
    return news;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<ServiceNews> news_ MUSTER_GUARDED_BY(mutex_);
};

class CsmCallerTest : public ::testing::Test {
 protected:
  CsmCallerTest() {
    config_.hmnfd = server_.url() + "/hmi/v2";
    config_.kubectl = dir_.path() + "/kubectl";
  }
  ~CsmCallerTest() override {
    if (services_) services_->Stop();
  }

  CsmCaller& Caller() {
    if (!caller_) {
      services_.emplace(config_, clock_);
      caller_.emplace(
          *services_, config_.hmnfd_agents,
          [](const std::string& name) {
            return name == "w9" ? std::nullopt : std::optional("x-" + name);
          },
          time_);
      caller_->Bind(news_);
    }
    return *caller_;
  }
  // What came of the call.
  template <typename Answer>
  Answer Ask(ServiceCall call, std::shared_ptr<const BosSession> session = nullptr) {
    Caller().Start({"o", call, std::move(session)});
    const ServiceNews news = news_.Next();
    EXPECT_EQ(news.operation, "o");
    return std::get<Answer>(news.news);
  }
  HmnfdProbed Probe(HttpAnswer readiness, HttpAnswer health = {200, "{}"}) {
    server_.Script("GET /hmi/v2/readiness", {std::move(readiness)});
    server_.Script("GET /hmi/v2/liveness", {{204}});
    server_.Script("GET /hmi/v2/health", {std::move(health)});
    return Ask<HmnfdProbed>(ServiceCall::kProbeHmnfd);
  }
  // "AGENT@NODE" each.
  void Subscribe(const std::vector<std::string>& subscribers) {
    std::string list;
    for (const std::string& subscriber : subscribers)
      list += (list.empty() ? "" : ",") + (R"({"Subscriber":")" + subscriber + "\"}");
    server_.Script(kList, {{200, R"({"SubscriptionList":[)" + list + "]}"}});
  }
  Subscribers List() {
    const auto listed = Ask<SubscribersListed>(ServiceCall::kListSubscribers);
    EXPECT_TRUE(listed.subscribers.ok()) << listed.subscribers.status();
    return listed.subscribers.ok() ? **listed.subscribers : Subscribers();
  }
  // It writes down its arguments and then does as told.
  void Kubectl(const std::string& rest) {
    std::ofstream(config_.kubectl)
        << "#!/bin/sh\nprintf '%s\\n' \"$3 $4 $5\" >> " << dir_.path() << "/calls\n"
        << rest << "\n";
    std::filesystem::permissions(config_.kubectl, std::filesystem::perms::owner_all);
  }
  std::string Calls() const {
    std::ostringstream text;
    text << std::ifstream(dir_.path() + "/calls").rdbuf();
    return text.str();
  }

  HttpServer server_;
  TempDir dir_;
  CsmConfig config_;
  const SystemClock clock_;
  ManualTime time_;
  News news_;
  std::optional<CsmServices> services_;
  std::optional<CsmCaller> caller_;
};

// ---- is HMNFD ready?

TEST_F(CsmCallerTest, HmnfdIsReady) {
  const HmnfdProbed probed = Probe({204});
  EXPECT_EQ(probed.state, HmnfdProbed::State::kReady);
  EXPECT_EQ(probed.detail, "");
  EXPECT_GT(probed.latency, 0s);
}

TEST_F(CsmCallerTest, HmnfdIsNotReady) {
  const HmnfdProbed probed = Probe({503});
  EXPECT_EQ(probed.state, HmnfdProbed::State::kNotReady);
  EXPECT_THAT(probed.detail, HasSubstr("is not ready: readiness 503"));
}

TEST_F(CsmCallerTest, HmnfdHasLostItsHealthKey) {
  const HmnfdProbed probed = Probe({503}, {200, R"({"KvStore":"Health key not present"})"});
  EXPECT_EQ(probed.state, HmnfdProbed::State::kNoHealthKey);
}

TEST_F(CsmCallerTest, HmnfdIsDenied) { EXPECT_EQ(Probe({403}).state, HmnfdProbed::State::kDenied); }

TEST_F(CsmCallerTest, HmnfdIsUnreachable) {
  config_.hmnfd = UrlOfNobody();
  EXPECT_EQ(Probe({204}).state, HmnfdProbed::State::kUnreachable);
}

TEST_F(CsmCallerTest, WhatIsAskedAfterTheEndIsAnsweredToo) {
  Caller();
  services_->Stop();
  EXPECT_EQ(Probe({204}).state, HmnfdProbed::State::kUnreachable);
  EXPECT_EQ(Ask<SubscribersListed>(ServiceCall::kListSubscribers).subscribers.status().code(),
            absl::StatusCode::kCancelled);
}

// ---- its list

TEST_F(CsmCallerTest, EachSubscribersAgentsAreListedOnce) {
  Subscribe({"orca@x1000c0s0b0n0", "other@x1000c0s0b0n0", "orca@x1000c0s0b0n0",
             "orca@x1000c0s1b0n0", "boot-script-service@x0"});
  EXPECT_THAT(List(), ElementsAre(Pair("x0", ElementsAre("boot-script-service")),
                                  Pair("x1000c0s0b0n0", ElementsAre("orca", "other")),
                                  Pair("x1000c0s1b0n0", ElementsAre("orca"))));
}

TEST_F(CsmCallerTest, OfNodesTheAgentsOfTheSettingsCount) {
  config_.hmnfd_agents = {"orca"};
  Subscribe({"orca@x1000c0s0b0n0", "other@x1000c0s0b0n0", "other@x1000c0s1b0n0",
             "boot-script-service@x0"});
  EXPECT_THAT(List(), ElementsAre(Pair("x0", ElementsAre("boot-script-service")),
                                  Pair("x1000c0s0b0n0", ElementsAre("orca"))));
}

TEST_F(CsmCallerTest, TheListSaysWhenItWasAskedFor) {
  Subscribe({});
  const auto listed = Ask<SubscribersListed>(ServiceCall::kListSubscribers);
  EXPECT_EQ(listed.asked, time_.Now());
}

TEST_F(CsmCallerTest, AListThatCannotBeReadIsAnError) {
  server_.Script(kList, {{200, "{}"}});
  const auto listed = Ask<SubscribersListed>(ServiceCall::kListSubscribers);
  EXPECT_EQ(Message(listed.subscribers.status()), "HMNFD's answer has no SubscriptionList");
  EXPECT_EQ(listed.asked, time_.Now());
}

TEST_F(CsmCallerTest, WhenManyOperatorsAskAtOnceTheRestAreToldToTryAgain) {
  server_.Script(kList, {{.manner = HttpAnswer::Manner::kSilent}});
  constexpr size_t kAsked = kMaxWaitingCalls + 50;
  std::atomic<size_t> refused = 0;
  std::atomic<size_t> answered = 0;
  for (size_t i = 0; i < kAsked; ++i) {
    Caller().ListSubscribers([&](const auto& subscribers) {
      ++(absl::IsResourceExhausted(subscribers.status()) ? refused : answered);
    });
  }
  EXPECT_EQ(answered, 0u);
  EXPECT_GE(refused, 49u) << "one may be under way";
  EXPECT_LE(refused, 50u);
  services_->Stop();
  caller_.reset();
  EXPECT_EQ(refused + answered, kAsked) << "each is answered";
}

TEST_F(CsmCallerTest, AnOperatorGetsTheList) {
  Subscribe({"orca@x1000c0s0b0n0"});
  absl::StatusOr<std::shared_ptr<const Subscribers>> got;
  Caller().ListSubscribers([&](const auto& subscribers) { got = subscribers; });
  caller_.reset();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_THAT(**got, ElementsAre(Pair("x1000c0s0b0n0", ElementsAre("orca"))));
}

// ---- restarts

TEST_F(CsmCallerTest, ARestartIsOverWhenItsPodsAreReady) {
  Kubectl("exit 0");
  const auto hmnfd = Ask<RolloutEnded>(ServiceCall::kRestartHmnfd);
  EXPECT_EQ(hmnfd.call, ServiceCall::kRestartHmnfd);
  EXPECT_TRUE(hmnfd.status.ok()) << hmnfd.status;
  const auto bss = Ask<RolloutEnded>(ServiceCall::kRestartBss);
  EXPECT_EQ(bss.call, ServiceCall::kRestartBss);
  EXPECT_TRUE(bss.status.ok()) << bss.status;
  EXPECT_EQ(Calls(),
            "rollout restart deployment/cray-hmnfd\nrollout status deployment/cray-hmnfd\n"
            "rollout restart deployment/cray-bss\nrollout status deployment/cray-bss\n");
}

TEST_F(CsmCallerTest, ARestartThatIsRefusedIsNotAwaited) {
  Kubectl("echo 'Error from server (Forbidden): deployments.apps is forbidden' >&2; exit 1");
  EXPECT_EQ(Ask<RolloutEnded>(ServiceCall::kRestartHmnfd).status.code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Calls(), "rollout restart deployment/cray-hmnfd\n");
}

TEST_F(CsmCallerTest, PodsThatAreNotReadyInTimeAreAFailure) {
  Kubectl("[ $4 = restart ] || { echo 'error: timed out waiting for the condition' >&2; exit 1; }");
  EXPECT_EQ(Ask<RolloutEnded>(ServiceCall::kRestartBss).status.code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(CsmCallerTest, ARestartKeepsNobodyElseWaiting) {
  Kubectl("exec sleep 600");
  Subscribe({});
  Caller().Start({"o", ServiceCall::kRestartHmnfd});
  EXPECT_EQ(Probe({204}).state, HmnfdProbed::State::kReady);
  List();
  services_->Stop();
  EXPECT_FALSE(std::get<RolloutEnded>(news_.Next().news).status.ok());
}

// ---- is HMNFD at HSM?

TEST_F(CsmCallerTest, HsmTellsWhetherItHasHmnfd) {
  config_.hsm = server_.url() + "/hsm/v2";
  server_.Script(kScn, {{200, R"({"SubscriptionList":[{"Url":"http://cray-bss/boot/v1/scn"}]})"},
                        {200, R"({"SubscriptionList":[{"Url":"http://cray-hmnfd/hmi/v1/scn"}]})"},
                        {404}});
  const auto ask = [this] { return Ask<HsmAsked>(ServiceCall::kFindHmnfdInHsm).has_hmnfd; };
  EXPECT_FALSE(*ask());
  EXPECT_TRUE(*ask());
  EXPECT_EQ(ask().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CsmCallerTest, WithoutHsmThatIsNotKnown) {
  const auto asked = Ask<HsmAsked>(ServiceCall::kFindHmnfdInHsm);
  EXPECT_EQ(asked.has_hmnfd.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(asked.has_hmnfd.status()), HasSubstr("names no hsm"));
}

// ---- CPS and BOS

TEST_F(CsmCallerTest, WhoServesCpsIsToldByOurNames) {
  config_.cps = server_.url() + "/v2/cps";
  server_.Script("GET /v2/cps/contents", {{200, "[]"}});
  server_.Script("GET /v2/cps/deployment",
                 {{200, R"([{"node":"w2","podname":"p","cpspods":[{"readiness":"True"}]},
                            {"node":"w1","podname":"q","cpspods":[{"readiness":"True"}]}])"}});
  EXPECT_THAT(*Ask<CpsProbed>(ServiceCall::kProbeCps).servers, ElementsAre("x-w1", "x-w2"));
  server_.Script("GET /v2/cps/deployment",
                 {{200, R"([{"node":"w9","podname":"p","cpspods":[{"readiness":"True"}]}])"}});
  EXPECT_THAT(Message(Ask<CpsProbed>(ServiceCall::kProbeCps).servers.status()),
              HasSubstr("CPS is served by w9, and no node"));
  EXPECT_TRUE(caller_->has_cps());
  EXPECT_FALSE(caller_->has_bos());
}

TEST_F(CsmCallerTest, ASessionOfBosIsMadeAndLookedAt) {
  config_.bos = server_.url() + "/v2";
  const auto session = std::make_shared<const BosSession>(
      BosSession{"muster-boot-1", true, "compute", {"x1", "x2"}});
  server_.Script("POST /v2/sessions", {{201, "{}"}});
  EXPECT_TRUE(Ask<BosSessionMade>(ServiceCall::kMakeBosSession, session).status.ok());
  EXPECT_THAT(server_.requests().back().body, HasSubstr(R"("operation":"boot")"));
  server_.Script("GET /v2/sessions/muster-boot-1", {{200, R"({"status":{"status":"running"}})"}});
  server_.Script("GET /v2/components?session=muster-boot-1",
                 {{200, R"([{"id":"x1","enabled":false,"session":"muster-boot-1",
                             "status":{"phase":"","status":"stable"}}])"}});
  server_.Script("GET /v2/components?ids=x2", {{200, R"([{"id":"x2","session":""}])"}});
  const auto seen = Ask<BosSessionSeen>(ServiceCall::kLookAtBosSession, session);
  ASSERT_TRUE(seen.progress.ok()) << seen.progress.status();
  EXPECT_EQ(*seen.progress, (BosProgress{false, 1, {}, {{"not begun", 1}}}));
}

}  // namespace
}  // namespace muster
