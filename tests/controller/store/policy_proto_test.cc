#include "controller/store/policy_proto.h"

#include <gtest/gtest.h>

#include <limits>

#include "proto/convert.h"

namespace muster {
namespace {

TEST(PolicyProto, TheDefaultIsWhatAnEmptyMessageMeans) {
  EXPECT_EQ(FromProto(v1::Policy()), Policy());
  EXPECT_EQ(FromProto(ToProto(Policy())), Policy());
}

TEST(PolicyProto, EveryFieldComesBack) {
  Policy policy;
  policy.max_parallel = 7;
  policy.delivery_deadline = 1s;
  policy.execution_deadline = 1500ms;
  policy.deadline = 3s;
  policy.rate = {100, 1min};
  policy.ramp = true;
  policy.canary = CountOrPercent{5, std::nullopt};
  policy.min_healthy = 20s;
  policy.max_failures = {0, 1234};
  policy.retries = 3;
  policy.since = Time(1'763'000'000s + 5ms);
  policy.on_conflict = OnConflict::kRefuse;
  EXPECT_EQ(FromProto(ToProto(policy)), policy);
  policy.canary = CountOrPercent{0, 0};
  policy.max_failures = {0, std::nullopt};
  EXPECT_EQ(FromProto(ToProto(policy)), policy);
}

TEST(PolicyProto, EachShareComesBackExactly) {
  for (uint32_t basis_points = 0; basis_points <= 10'000; ++basis_points) {
    Policy policy;
    policy.max_failures = {0, basis_points};
    ASSERT_EQ(FromProto(ToProto(policy)).max_failures, policy.max_failures);
  }
}

TEST(PolicyProto, APercentageIsReadToTheHundredth) {
  v1::CountOrPercent proto;
  const auto basis_points = [&proto](double percent) {
    proto.set_percent(percent);
    return *FromProto(proto).basis_points;
  };
  EXPECT_EQ(basis_points(0.07), 7u);
  EXPECT_EQ(basis_points(12.34), 1234u);
  EXPECT_EQ(basis_points(100), 10'000u);
  EXPECT_EQ(basis_points(1e300), 10'000u);
  EXPECT_EQ(basis_points(-1), 0u);
  EXPECT_EQ(basis_points(std::numeric_limits<double>::quiet_NaN()), 0u);
}

TEST(PolicyProto, TimesThatDoNotFitAreCut) {
  const Time time(-1'500ms);
  EXPECT_EQ(FromProto(ToProto(time)), time);
  google::protobuf::Timestamp far;
  far.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_GT(FromProto(far), Time(std::chrono::hours(24 * 365 * 200)));
}

TEST(PolicyProto, AnUnknownConflictRuleWaits) {
  v1::Policy proto;
  proto.set_on_conflict(static_cast<v1::OnConflict>(9));
  EXPECT_EQ(FromProto(proto).on_conflict, OnConflict::kWait);
}

}  // namespace
}  // namespace muster
