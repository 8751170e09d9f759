// Which policies are taken, as what, and what is said of the others.
#include "controller/api/check_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace muster {
namespace {

using ::testing::HasSubstr;

const Time kNow = Time(1'763'000'000s);

Policy Checked(const v1::Policy& proto) {
  const auto policy = CheckPolicy(proto, kNow);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? *policy : Policy();
}

void ExpectInvalid(const v1::Policy& proto, const std::string& sentence) {
  const auto policy = CheckPolicy(proto, kNow);
  EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument) << sentence;
  EXPECT_THAT(Message(policy.status()), HasSubstr(sentence));
}

TEST(CheckPolicyTest, NothingIsTheDefault) {
  EXPECT_EQ(Checked(v1::Policy()), Policy());
  v1::Policy proto;
  proto.set_on_conflict(v1::ON_CONFLICT_UNSPECIFIED);
  EXPECT_EQ(Checked(proto).on_conflict, OnConflict::kWait);
}

TEST(CheckPolicyTest, ARate) {
  v1::Policy proto;
  const auto set = [&proto](uint32_t starts, int64_t seconds, int32_t nanos) {
    proto.mutable_rate()->set_starts(starts);
    proto.mutable_rate()->mutable_per()->set_seconds(seconds);
    proto.mutable_rate()->mutable_per()->set_nanos(nanos);
    return proto;
  };
  EXPECT_EQ(Checked(set(100, 1, 0)).rate, (Rate{100, 1s}));
  EXPECT_EQ(Checked(set(100'000, 0, 1'000'000)).rate, (Rate{100'000, 1ms}));
  EXPECT_EQ(Checked(set(1, 3600, 0)).rate, (Rate{1, 1h}));
  ExpectInvalid(set(0, 1, 0), "policy.rate.starts: 0; it must be from 1 to 100000");
  ExpectInvalid(set(100'001, 1, 0), "policy.rate.starts: 100001");
  ExpectInvalid(set(1, 3600, 1), "policy.rate.per");
  ExpectInvalid(set(1, 0, 999'999), "policy.rate.per: 0.000999999 s; it must be from 0.001 s");
  ExpectInvalid(set(1, -1, 0), "policy.rate.per: -1 s");
  proto.mutable_rate()->clear_per();
  ExpectInvalid(proto, "policy.rate.per: 0 s");
}

TEST(CheckPolicyTest, Amounts) {
  v1::Policy proto;
  proto.mutable_canary()->set_percent(0.01);
  EXPECT_EQ(Checked(proto).canary->basis_points, 1u);
  proto.mutable_canary()->set_percent(33.33);
  EXPECT_EQ(Checked(proto).canary->basis_points, 3333u);
  proto.mutable_canary()->set_count(1);
  EXPECT_EQ(Checked(proto).canary, (CountOrPercent{1, std::nullopt}));
  proto.mutable_max_failures()->set_percent(0);
  EXPECT_EQ(Checked(proto).max_failures, (CountOrPercent{0, 0}));
  for (const double percent : {-0.01, 100.01, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    proto.mutable_max_failures()->set_percent(percent);
    ExpectInvalid(proto, "it must be from 0 to 100 %");
  }
  proto.mutable_max_failures()->set_percent(0.005);
  ExpectInvalid(proto, "policy.max_failures: 0.005 %; it must be in steps of 0.01 %");
  proto.mutable_max_failures()->clear_amount();
  ExpectInvalid(proto, "policy.max_failures: neither a count nor a percentage");
  proto.clear_max_failures();
  proto.mutable_canary()->set_count(0);
  ExpectInvalid(proto, "policy.canary: 0; it must be at least 1");
  proto.mutable_canary()->set_percent(0);
  ExpectInvalid(proto, "policy.canary: 0; it must be at least 1");
}

// Each hundredth of a percent is read as it was meant, whatever binary fractions make of it.
TEST(CheckPolicyTest, EveryHundredthOfAPercent) {
  for (uint32_t hundredths = 0; hundredths <= 10'000; ++hundredths) {
    v1::Policy proto;
    proto.mutable_max_failures()->set_percent(hundredths / 100.0);
    ASSERT_EQ(Checked(proto).max_failures.basis_points, hundredths);
  }
}

TEST(CheckPolicyTest, Since) {
  v1::Policy proto;
  proto.mutable_since()->set_seconds(1'762'999'999);
  EXPECT_EQ(Checked(proto).since, kNow - 1s);
  proto.mutable_since()->set_seconds(1'763'000'000);
  EXPECT_EQ(Checked(proto).since, kNow);
  proto.mutable_since()->set_nanos(1);
  ExpectInvalid(proto, "in the future by the controller's clock");
  proto.mutable_since()->set_seconds(1'763'000'060);
  ExpectInvalid(proto, "policy.since: 60 s in the future");
  proto.mutable_since()->set_seconds(std::numeric_limits<int64_t>::max());
  ExpectInvalid(proto, "in the future");
  proto.mutable_since()->set_seconds(std::numeric_limits<int64_t>::min());
  ExpectInvalid(proto, "more than a year ago");
  proto.mutable_since_age()->set_seconds(60);
  ExpectInvalid(proto, "give one of them");
  proto.clear_since();
  EXPECT_EQ(Checked(proto).since, kNow - 60s);
  proto.mutable_since_age()->set_seconds(-1);
  ExpectInvalid(proto, "policy.since_age: -1 s");
}

TEST(CheckPolicyTest, TheRest) {
  v1::Policy proto;
  proto.set_retries(11);
  ExpectInvalid(proto, "policy.retries: 11; it must be at most 10");
  proto.set_retries(10);
  proto.set_ramp(true);
  proto.set_on_conflict(v1::ON_CONFLICT_REFUSE);
  proto.mutable_min_healthy();  // 0 is allowed
  const Policy policy = Checked(proto);
  EXPECT_EQ(policy.retries, 10u);
  EXPECT_TRUE(policy.ramp);
  EXPECT_EQ(policy.on_conflict, OnConflict::kRefuse);
  EXPECT_EQ(policy.min_healthy, 0s);
  proto.set_on_conflict(static_cast<v1::OnConflict>(7));
  ExpectInvalid(proto, "policy.on_conflict: 7 is not known here");
}

void ExpectUnfit(const Work& work, const Policy& policy, const std::string& sentence) {
  const absl::Status status = CheckFits(work, policy);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << sentence;
  EXPECT_THAT(Message(status), HasSubstr(sentence));
}

TEST(CheckFitsTest, ACanaryIsWatchedForLonger) {
  const Work work = RestartUnit{"", 5s};
  Policy policy;
  policy.execution_deadline = 30s;
  policy.min_healthy = 30s;
  EXPECT_TRUE(CheckFits(work, policy).ok()) << "there is no canary";
  policy.canary = CountOrPercent{1, std::nullopt};
  ExpectUnfit(
      work, policy,
      "the canaries' min_healthy (30 s) must be shorter than the execution deadline (30 s)");
  policy.execution_deadline = 31s;
  EXPECT_TRUE(CheckFits(work, policy).ok());
  policy.deadline = 32s;
  ExpectUnfit(work, policy, "it must be more than the canaries' min_healthy (30 s) and 2 s");
  policy.deadline = 33s;
  EXPECT_TRUE(CheckFits(work, policy).ok());
}

TEST(CheckFitsTest, OnlyARestartCanHaveBeenDoneAlready) {
  Policy policy;
  policy.since = kNow;
  EXPECT_TRUE(CheckFits(RestartUnit{"", 5s}, policy).ok());
  ExpectUnfit(Inspect{}, policy, "policy.since: only work that restarts a unit");
}

}  // namespace
}  // namespace muster
