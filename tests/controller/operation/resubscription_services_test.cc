// What an operation does about HMNFD, BSS and HSM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/operation/resubscription_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- HMNFD

TEST_F(ResubscriptionTest, ItWaitsForHmnfdAndSaysWhatToType) {
  world_.services.hmnfd = kNotReady;
  world_.Submit(asked_);
  world_.Pass(1min);
  EXPECT_EQ(State(Resubscription::kHmnfd), OperationState::kRunning);
  EXPECT_EQ(Detail(Resubscription::kHmnfd),
            "waiting: readiness is 503; if its etcd was rebuilt, restart it: kubectl -n services "
            "rollout restart deployment/cray-hmnfd");
  EXPECT_EQ(world_.CallsOf(ServiceCall::kRestartHmnfd), 0u);
  world_.services.hmnfd = kReady;
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
}

TEST_F(ResubscriptionTest, IfItMayItRestartsHmnfdOnce) {
  world_.services.hmnfd = HmnfdProbed::State::kNoHealthKey;
  world_.on_rollout = [this](ServiceCall) {
    world_.At(10s, [this] { world_.services.hmnfd = kReady; });
  };
  asked_.restarts_hmnfd = true;
  world_.Submit(asked_);
  world_.Pass(1s);
  EXPECT_EQ(Detail(Resubscription::kHmnfd), "restarting deployment/cray-hmnfd");
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_EQ(world_.CallsOf(ServiceCall::kRestartHmnfd), 1u);
  EXPECT_EQ(world_.NotesWith("deployment/cray-hmnfd was restarted"), 1u);
}

TEST_F(ResubscriptionTest, WhileItIsDeniedNothingIsRestarted) {
  world_.services.hmnfd = HmnfdProbed::State::kDenied;
  world_.services.hmnfd_detail = "403 from the gateway";
  asked_.restarts_hmnfd = true;
  world_.Submit(asked_);
  world_.Pass(1min);
  EXPECT_EQ(Detail(Resubscription::kHmnfd), "waiting: 403 from the gateway");
  EXPECT_EQ(world_.CallsOf(ServiceCall::kRestartHmnfd), 0u);
  world_.services.hmnfd = kReady;
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
}

TEST_F(ResubscriptionTest, WithoutKubectlItFailsAndRestartsNobody) {
  world_.services.hmnfd = kNotReady;
  world_.services.rollout = absl::NotFoundError("kubectl is not installed");
  asked_.restarts_hmnfd = true;
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_THAT(Steps(), ElementsAre(kDone, kBad, kLeft, kLeft, kLeft));
  EXPECT_THAT(world_.status().detail, HasSubstr("kubectl is not installed"));
  EXPECT_THAT(world_.restarted(), IsEmpty());
}

TEST_F(ResubscriptionTest, ItDoesNotWaitForEver) {
  world_.services.hmnfd = HmnfdProbed::State::kUnreachable;
  world_.services.hmnfd_detail = "no route to host";
  world_.Submit(asked_);
  world_.Pass(30min + 2s);
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_THAT(Detail(Resubscription::kHmnfd), HasSubstr("given up after 30 min"));
  EXPECT_THAT(Detail(Resubscription::kHmnfd), HasSubstr("no route to host"));
}

TEST_F(ResubscriptionTest, WhileHmnfdIsNotReadyNoNodeIsRestarted) {
  asked_.floor = asked_.ceiling = 1;
  world_.Submit(asked_);
  world_.Pass(1min, [this] { return world_.restarted().size() == 2; });
  world_.services.hmnfd = kNotReady;
  world_.Pass(5min);
  EXPECT_THAT(world_.restarted().size(), testing::Lt(5u));
  EXPECT_EQ(world_.NotesWith("nothing is restarted until HMNFD is ready"), 1u);
  world_.services.hmnfd = kReady;
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_EQ(world_.restarts_while_not_ready(), 0u);
}

// ---- the other clients

TEST_F(ResubscriptionTest, BssWithoutSubscriptionIsToldWithWhatToType) {
  world_.services.subscribers.erase("x0");
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_EQ(Detail(Resubscription::kOthers),
            "BSS has no subscription; restart it: kubectl -n services rollout restart "
            "deployment/cray-bss");
  EXPECT_EQ(world_.CallsOf(ServiceCall::kRestartBss), 0u);
}

TEST_F(ResubscriptionTest, IfItMayItRestartsBss) {
  world_.services.subscribers.erase("x0");
  world_.on_rollout = [this](ServiceCall) {
    world_.At(30s, [this] { world_.services.subscribers["x0"] = {"boot-script-service"}; });
  };
  asked_.restarts_bss = true;
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_EQ(world_.CallsOf(ServiceCall::kRestartBss), 1u);
  EXPECT_EQ(world_.NotesWith("deployment/cray-bss was restarted"), 1u);
}

// The time that BSS has to subscribe begins when its pods are there.
TEST_F(ResubscriptionTest, ARolloutOfBssMayTakeLong) {
  world_.services.subscribers.erase("x0");
  world_.services.rollout_duration = 4min;
  world_.on_rollout = [this](ServiceCall) {
    world_.At(30s, [this] { world_.services.subscribers["x0"] = {"boot-script-service"}; });
  };
  asked_.restarts_bss = true;
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
}

TEST_F(ResubscriptionTest, BssThatDoesNotComeBackIsAFailure) {
  world_.services.subscribers.erase("x0");
  asked_.restarts_bss = true;
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_THAT(Detail(Resubscription::kOthers), HasSubstr("BSS has no subscription"));
  EXPECT_EQ(world_.CallsOf(ServiceCall::kRestartBss), 1u);
}

TEST_F(ResubscriptionTest, BssThatCannotBeRestartedIsAFailure) {
  world_.services.subscribers.erase("x0");
  world_.services.rollout = absl::PermissionDeniedError("forbidden");
  asked_.restarts_bss = true;
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_EQ(Detail(Resubscription::kOthers), "forbidden");
}

// Two pieces of news of one batch, the first of which ends the operation.
TEST_F(ResubscriptionTest, NewsAfterTheLastStepIsOfNoUse) {
  world_.services.subscribers.erase("x0");
  world_.services.rollout_duration = 1h;
  asked_.restarts_bss = true;
  world_.Submit(asked_);
  world_.Pass(5min, [this] { return world_.CallsOf(ServiceCall::kRestartBss) == 1; });
  world_.Take({ServiceNews{"o1", RolloutEnded{ServiceCall::kRestartBss, absl::UnknownError("no")}},
               ServiceNews{"o1", SubscribersListed{world_.now(), absl::UnavailableError("503")}},
               ServiceNews{"o1", HmnfdProbed{kNotReady, "503", 1s}},
               ServiceNews{"o1", HsmAsked{absl::UnavailableError("503")}}});
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_EQ(Detail(Resubscription::kOthers), "no");
}

TEST_F(ResubscriptionTest, HsmWithoutHmnfdIsAFailure) {
  world_.services.has_hmnfd_at_hsm = false;
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kBad);
  EXPECT_THAT(Detail(Resubscription::kOthers), HasSubstr("HMNFD has none at HSM"));
}

TEST_F(ResubscriptionTest, HsmThatCannotBeAskedIsToldAndIsNoFailure) {
  world_.services.has_hmnfd_at_hsm = absl::FailedPreconditionError("[csm] names no hsm");
  world_.Submit(asked_);
  RunToEnd();
  EXPECT_EQ(world_.status().state, kDone);
  EXPECT_EQ(Detail(Resubscription::kOthers),
            "BSS is subscribed; whether HMNFD is at HSM is not known: [csm] names no hsm");
  EXPECT_EQ(world_.NotesWith("HSM could not be asked"), 1u);
}

}  // namespace
}  // namespace muster
