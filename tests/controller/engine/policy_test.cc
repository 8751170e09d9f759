// The arithmetic of a policy holds for every policy, not only for those somebody thought of.
#include "controller/engine/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <set>

#include "common/status.h"

namespace muster {
namespace {

constexpr uint32_t kMostNodes = 1'000'000;

Policy WithCanary(const CountOrPercent& canary) {
  Policy policy;
  policy.canary = canary;
  return policy;
}
Policy Ramp(uint32_t max_parallel) {
  Policy policy;
  policy.ramp = true;
  policy.max_parallel = max_parallel;
  return policy;
}
CountOrPercent Share(uint32_t basis_points) { return {0, basis_points}; }
uint32_t AnySize() { return *rc::gen::inRange(0u, kMostNodes + 1); }
uint32_t AnyShare() { return *rc::gen::inRange(0u, 10'001u); }
Rate AnyRate() {
  Rate rate;
  rate.starts = *rc::gen::inRange(1u, 100'001u);
  rate.per = Duration(*rc::gen::inRange<int64_t>(1'000'000, 3'600'000'000'000));
  return rate;
}

TEST(Amount, IsRoundedDown) {
  EXPECT_EQ(AmountOf(Share(1000), 19), 1u);
  EXPECT_EQ(AmountOf(Share(1000), 9), 0u);
  EXPECT_EQ(AmountOf(Share(3333), 3), 0u);
  EXPECT_EQ(AmountOf(Share(3334), 3), 1u);
  EXPECT_EQ(AmountOf(Share(10'000), kMostNodes), kMostNodes);
  EXPECT_EQ(AmountOf({7, std::nullopt}, 3), 7u);
}

// The largest whole number that is no more than the share.
RC_GTEST_PROP(AmountProperty, IsTheFloorOfTheShare, ()) {
  const uint64_t all = AnySize();
  const uint64_t share = AnyShare();
  const uint64_t amount = AmountOf(Share(share), all);
  RC_ASSERT(amount * 10'000 <= share * all);
  RC_ASSERT((amount + 1) * 10'000 > share * all);
}

// "More failures than max_failures": with a share of p %, the job goes on while no more than p % of all targets have failed.
RC_GTEST_PROP(AmountProperty, TheLimitOfFailuresIsStrict, ()) {
  const uint64_t all = *rc::gen::inRange(1u, kMostNodes + 1);
  const uint64_t share = AnyShare();
  const uint64_t failures = *rc::gen::inRange<uint64_t>(0, all + 1);
  const bool is_too_many = failures > AmountOf(Share(share), all);
  RC_ASSERT(is_too_many == (failures * 10'000 > share * all));
}

TEST(CanarySize, APercentageIsAtLeastOneNode) {
  EXPECT_EQ(CanarySize(WithCanary(Share(1)), 20), 1u);
  EXPECT_EQ(CanarySize(WithCanary(Share(1000)), 25), 2u);
  EXPECT_EQ(CanarySize(WithCanary(Share(0)), 20), 0u);
  EXPECT_EQ(CanarySize(WithCanary({5, std::nullopt}), 20), 5u);
  EXPECT_EQ(CanarySize(WithCanary({50, std::nullopt}), 20), 20u);
  EXPECT_EQ(CanarySize(Policy(), 20), 0u);
}

RC_GTEST_PROP(CanarySizeProperty, IsBetweenOneAndAllNodes, ()) {
  const uint32_t all = *rc::gen::inRange(1u, kMostNodes + 1);
  const uint32_t share = *rc::gen::inRange(1u, 10'001u);
  const uint32_t size = CanarySize(WithCanary(Share(share)), all);
  RC_ASSERT(size >= 1 && size <= all);
  RC_ASSERT(size == 1 || uint64_t{size} * 10'000 <= uint64_t{share} * all);
  RC_ASSERT(CanarySize(WithCanary({share, std::nullopt}), all) == std::min(share, all));
}

TEST(Ramp, TheWavesAreOneTwoFour) {
  const Policy policy = Ramp(1000);
  uint32_t ended = 0;
  for (const uint32_t wave : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000}) {
    EXPECT_EQ(ParallelLimit(policy, ended), wave);
    if (wave < 1000) {
      EXPECT_EQ(ParallelLimit(policy, ended + wave - 1), wave) << "one of the wave is out";
    }
    ended += wave;
  }
  EXPECT_EQ(ParallelLimit(policy, UINT32_MAX), 1000u);
}

RC_GTEST_PROP(RampProperty, NeverAboveMaxParallelNeverDownNeverZero, ()) {
  const Policy policy = Ramp(*rc::gen::inRange(1u, 100'001u));
  const uint32_t ended = AnySize();
  const uint32_t limit = ParallelLimit(policy, ended);
  RC_ASSERT(limit >= 1 && limit <= policy.max_parallel);
  RC_ASSERT(ParallelLimit(policy, ended + 1) >= limit);
  // No more than have ended well, and one: the wave is as large as all before it together and one more.
  RC_ASSERT(limit <= ended + 1);
  Policy flat = policy;
  flat.ramp = false;
  RC_ASSERT(ParallelLimit(flat, ended) == policy.max_parallel);
}

TEST(Failures, AreWhatWasTriedAndDidNotEndWell) {
  std::set<TaskState> failures;
  for (int state = 0; state < kTaskStateCount; ++state) {
    if (IsFailure(static_cast<TaskState>(state))) failures.insert(static_cast<TaskState>(state));
  }
  EXPECT_EQ(failures,
            (std::set<TaskState>{TaskState::kFailed, TaskState::kTimedOut, TaskState::kLost}));
}

TEST(Retries, NotWhereItIsNotKnownWhatHappenedOrWouldHappenAgain) {
  for (const Reason reason : {Reason::kNoReport, Reason::kJobDeadline, Reason::kCancelled,
                              Reason::kUnitMasked, Reason::kNoSuchUnit, Reason::kPolicy,
                              Reason::kUnsupported, Reason::kCrashLoop, Reason::kMaxFailures})
    EXPECT_FALSE(IsRetryable(reason)) << static_cast<int>(reason);
  for (const Reason reason : {Reason::kExitCode, Reason::kStartLimitHit, Reason::kInterrupted,
                              Reason::kUnitBusy, Reason::kExpired})
    EXPECT_TRUE(IsRetryable(reason)) << static_cast<int>(reason);
}

RC_GTEST_PROP(RetryDelayProperty, IsWithinItsRangeAndTheSameForTheSameTry, ()) {
  const auto job = *rc::gen::arbitrary<std::string>();
  const auto node = *rc::gen::arbitrary<std::string>();
  const auto attempt = *rc::gen::inRange(1u, 2000u);
  const Duration delay = RetryDelay(job, node, attempt);
  const Duration jitter = attempt < 5
                              ? std::min<Duration>(kRetryJitterMax, kRetrySpacing * (1 << attempt))
                              : kRetryJitterMax;
  RC_ASSERT(delay >= kRetrySpacing);
  RC_ASSERT(delay < kRetrySpacing + jitter);
  RC_ASSERT(RetryDelay(job, node, attempt) == delay);
}

// A thousand nodes that failed together do not come back together: each tenth of the range gets its share.
TEST(RetryDelay, IsSpreadOverTheRange) {
  for (const uint32_t attempt : {1u, 2u, 3u, 9u}) {
    const Duration range =
        std::min<Duration>(kRetryJitterMax, kRetrySpacing * (1 << std::min(attempt, 10u)));
    std::vector<int> tenths(10);
    for (int node = 0; node < 1000; ++node) {
      const Duration delay = RetryDelay("job", fmt::format("x1000c0s{}b0n0", node), attempt);
      ++tenths[static_cast<size_t>((delay - kRetrySpacing) * 10 / range)];
    }
    EXPECT_THAT(tenths, testing::Each(testing::AllOf(testing::Gt(60), testing::Lt(150))));
  }
}

// Starts whenever there is a token, but looks only at times that the test chooses.
std::vector<Time> Starts(TokenBucket bucket, Time begin, const std::vector<uint32_t>& looks) {
  std::vector<Time> starts;
  Time now = begin;
  for (const uint32_t wait : looks) {
    now += Duration(wait);
    for (int i = 0; i < 200 && bucket.HasToken(now); ++i) {
      bucket.Take(now);
      starts.push_back(now);
    }
  }
  return starts;
}

// In any window of t there are no more starts than rate * t and one burst.
RC_GTEST_PROP(RateProperty, NeverExceededInAnyWindow, ()) {
  const Rate rate = AnyRate();
  const auto looks =
      *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange(0u, 2'000'000'000u));
  const Time begin{};
  const std::vector<Time> starts = Starts(TokenBucket::ForNewJob(rate, begin), begin, looks);
  const double per_second = rate.starts / std::chrono::duration<double>(rate.per).count();
  const double burst = std::max(1.0, per_second * 0.1);
  for (size_t first = 0; first < starts.size(); ++first) {
    for (size_t last = first; last < starts.size(); last += 7) {
      const double window = std::chrono::duration<double>(starts[last] - starts[first]).count();
      RC_ASSERT(static_cast<double>(last - first + 1) <= per_second * window + burst + 1e-6);
    }
  }
}

// Who starts as soon as there is a token gets the rate, but for the rounding of the interval to a nanosecond.
RC_GTEST_PROP(RateProperty, IsReached, ()) {
  const Rate rate = AnyRate();
  const Time begin{};
  TokenBucket bucket = TokenBucket::ForNewJob(rate, begin);
  RC_ASSERT(bucket.HasToken(begin));
  Time now = begin;
  constexpr int kCount = 500;
  for (int i = 0; i <= kCount; ++i) {
    now = std::max(now, bucket.NextToken());
    RC_ASSERT(bucket.HasToken(now));
    bucket.Take(now);
  }
  RC_ASSERT((now - begin) <= kCount * (rate.per / rate.starts + Duration(1)));
  RC_ASSERT((now - begin).count() >= kCount * (rate.per.count() / rate.starts));
}

RC_GTEST_PROP(RateProperty, NextTokenIsTheFirstMomentWithOne, ()) {
  const Rate rate = AnyRate();
  TokenBucket bucket(rate, Time{});
  const auto takes = *rc::gen::inRange(0, 20);
  for (int i = 0; i < takes; ++i) bucket.Take(Time(Duration(i)));
  const Time next = bucket.NextToken();
  RC_ASSERT(bucket.HasToken(next));
  RC_ASSERT(!bucket.HasToken(next - Duration(1)));
}

TEST(Rate, WithoutOneNothingWaits) {
  TokenBucket bucket = TokenBucket::ForNewJob(Rate(), Time{});
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(bucket.HasToken(Time{}));
    bucket.Take(Time{});
  }
}

}  // namespace
}  // namespace muster
