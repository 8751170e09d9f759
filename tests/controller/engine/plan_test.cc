#include "controller/engine/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <set>

#include "common/status.h"

namespace muster {
namespace {

using ::testing::ElementsAre;

const Work kRestart = RestartUnit{"", 5s};

// One node in each of ten cabinets, and again.
std::vector<std::string> Nodes(size_t count) {
  std::vector<std::string> nodes;
  for (size_t i = 0; i < count; ++i) nodes.push_back(fmt::format("x{}c0s{}b0n0", i % 10, i / 10));
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

Plan PlanOf(const Policy& policy, size_t count) {
  return PlanRollout(policy, kRestart, Nodes(count), std::vector<bool>(count, true));
}

TEST(PlanTest, WithoutCanaryAndRampAllAtOnce) {
  const Plan plan = PlanOf(Policy(), 20);
  EXPECT_TRUE(plan.canaries.empty());
  EXPECT_TRUE(plan.away.empty());
  EXPECT_THAT(plan.waves, ElementsAre(20));
  EXPECT_EQ(plan.least_duration, 5s);
}

TEST(PlanTest, MaxParallelMakesWaves) {
  Policy policy;
  policy.max_parallel = 8;
  const Plan plan = PlanOf(policy, 20);
  EXPECT_THAT(plan.waves, ElementsAre(8, 8, 4));
  EXPECT_EQ(plan.least_duration, 15s);
}

TEST(PlanTest, TheCanariesGoFirstAndMustHold) {
  Policy policy;
  policy.canary = CountOrPercent{2, std::nullopt};
  const Plan plan = PlanOf(policy, 20);
  EXPECT_EQ(plan.canaries.size(), 2u);
  EXPECT_NE(plan.canaries[0].substr(0, 2), plan.canaries[1].substr(0, 2)) << "one cabinet";
  EXPECT_THAT(plan.waves, ElementsAre(2, 18));
  EXPECT_EQ(plan.least_duration, 10s + 5s);
}

TEST(PlanTest, WithARampTheCanariesAreItsFirstWaves) {
  Policy policy;
  policy.ramp = true;
  policy.canary = CountOrPercent{3, std::nullopt};
  const Plan plan = PlanOf(policy, 20);
  EXPECT_THAT(plan.waves, ElementsAre(1, 2, 4, 8, 5));
  EXPECT_EQ(plan.least_duration, 2 * 10s + 3 * 5s);
}

TEST(PlanTest, TheRateStretchesIt) {
  Policy policy;
  policy.rate = {2, 1s};
  EXPECT_EQ(PlanOf(policy, 21).least_duration, 10s + 5s);
  policy.canary = CountOrPercent{1, std::nullopt};
  // The canary holds for 10 s; the second start waits for that and not for the rate.
  EXPECT_EQ(PlanOf(policy, 21).least_duration, 10s + 9500ms + 5s);
}

TEST(PlanTest, NodesThatAreThereAreCanariesFirst) {
  Policy policy;
  policy.canary = CountOrPercent{2, std::nullopt};
  std::vector<bool> is_attached(10);
  is_attached[7] = true;
  const Plan plan = PlanRollout(policy, kRestart, Nodes(10), is_attached);
  EXPECT_EQ(plan.canaries[0], "x7c0s0b0n0");
  EXPECT_EQ(plan.away.size(), 9u);
}

TEST(PlanTest, WorkThatRestartsNothingSettlesNothing) {
  Policy policy;
  policy.canary = CountOrPercent{2, std::nullopt};
  EXPECT_EQ(PlanRollout(policy, Inspect{}, Nodes(5), std::vector<bool>(5)).least_duration, 0s);
}

Policy AnyPolicy() {
  Policy policy;
  policy.max_parallel = *rc::gen::inRange(1u, 40u);
  policy.ramp = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) policy.canary = CountOrPercent{*rc::gen::inRange(1u, 30u), {}};
  if (*rc::gen::arbitrary<bool>())
    policy.canary = CountOrPercent{0, *rc::gen::inRange(1u, 10'001u)};
  if (*rc::gen::arbitrary<bool>()) policy.rate = {*rc::gen::inRange(1u, 200u), 1s};
  policy.min_healthy = Duration(*rc::gen::inRange<int64_t>(0, 20'000'000'000));
  return policy;
}

RC_GTEST_PROP(PlanProperty, EveryNodeIsInOneWaveAndTheCanariesInTheFirst, ()) {
  const Policy policy = AnyPolicy();
  const auto count = *rc::gen::inRange<size_t>(0, 300);
  const Plan plan = PlanOf(policy, count);
  RC_ASSERT(std::accumulate(plan.waves.begin(), plan.waves.end(), size_t{0}) == count);
  const std::set<std::string> canaries(plan.canaries.begin(), plan.canaries.end());
  RC_ASSERT(canaries.size() == plan.canaries.size());
  RC_ASSERT(canaries.size() == CanarySize(policy, static_cast<uint32_t>(count)));
  size_t ended = 0;
  for (const uint32_t wave : plan.waves) {
    RC_ASSERT(wave >= 1 && wave <= policy.max_parallel);
    RC_ASSERT(ended >= canaries.size() || ended + wave <= canaries.size());
    ended += wave;
  }
}

// No rollout is shorter than any one of its limits allows, and without a rate it is as long as its waves.
RC_GTEST_PROP(PlanProperty, TheDurationKeepsEachLimit, ()) {
  Policy policy = AnyPolicy();
  const auto count = *rc::gen::inRange<size_t>(1, 300);
  const Plan plan = PlanOf(policy, count);
  Duration in_waves{};
  size_t ended = 0;
  for (const uint32_t wave : plan.waves) {
    in_waves += SettleTime(kRestart, policy, ended < plan.canaries.size());
    ended += wave;
  }
  RC_ASSERT(plan.least_duration >= in_waves);
  if (policy.rate.starts == 0) {
    RC_ASSERT(plan.least_duration == in_waves);
    return;
  }
  // The first start is at once, and what the bucket saves up while the canaries settle is one burst at most.
  const auto burst = std::max<int64_t>(1, policy.rate.starts / 10);
  const auto starts = static_cast<int64_t>(count) - burst;
  RC_ASSERT(plan.least_duration >= policy.rate.per * starts / policy.rate.starts);
  policy.rate = {};
  RC_ASSERT(plan.least_duration <= PlanOf(policy, count).least_duration +
                                       Duration(1s) * (static_cast<int64_t>(count) + 1));
}

TEST(PlanTest, OfAHundredThousandNodes) {
  Policy policy;
  policy.rate = {1000, 1s};
  policy.canary = CountOrPercent{0, 100};
  const Plan plan = PlanOf(policy, 100'000);
  EXPECT_EQ(plan.canaries.size(), 1000u);
  // 999 ms until the last canary is started, 10 s for it to hold; then the burst of 100 and 98.9 s for the others.
  EXPECT_EQ(plan.waves.size(), 100u);
  EXPECT_GE(plan.least_duration, 999ms + 10s + 98900ms);
}

}  // namespace
}  // namespace muster
