// How fast HMNFD lets us be.
#include "controller/operation/pace_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "controller/engine/policy.h"
#include "controller/operation/resubscription.h"

namespace muster {
namespace {

using testing::AllOf;
using testing::Each;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

const Time kBegin = Time(1'000'000s);

// A pace that starts as fast as it may, while HMNFD is at rest.
class PaceTest : public testing::Test {
 protected:
  // For so long; the rate at the end.
  double Run(Duration duration, Duration latency, int failures_a_second = 0) {
    for (Duration passed{}; passed < duration; passed += 500ms) {
      now_ += 500ms;
      for (int i = 0; i < static_cast<int>(pace_.rate() / 2 + 0.5); ++i) pace_.OnStarted(now_);
      for (int i = 0; i < failures_a_second / 2; ++i) pace_.OnFailed(now_);
      pace_.OnReady(now_, latency);
    }
    return pace_.rate();
  }
  std::string News() { return pace_.TakeNews().value_or(""); }

  Time now_ = kBegin;
  PaceController pace_{5, 500};
};

TEST_F(PaceTest, NothingIsStartedBeforeHmnfdIsReady) {
  EXPECT_EQ(pace_.rate(), 0);
  pace_.OnNotReady(now_, "503");
  EXPECT_EQ(pace_.rate(), 0);
  EXPECT_EQ(News(), "");
  pace_.OnReady(now_, 10ms);
  EXPECT_EQ(pace_.rate(), 5);
  EXPECT_EQ(News(), "");
}

TEST_F(PaceTest, GrowsByHalfEachSecondUpToTheCeiling) {
  const double before = Run(5s, 10ms);
  EXPECT_NEAR(Run(1s, 10ms), before * 1.5, 0.1);
  EXPECT_NEAR(Run(2s, 10ms), before * 1.5 * 1.5 * 1.5, 0.1);
  EXPECT_EQ(Run(30s, 10ms), 500);
}

TEST_F(PaceTest, WhatIsNotUsedDoesNotGrow) {
  pace_.OnReady(now_, 10ms);
  for (int i = 0; i < 60; ++i) pace_.OnReady(now_ += 500ms, 10ms);
  EXPECT_EQ(pace_.rate(), 5);
}

TEST_F(PaceTest, AFloorAboveTheCeilingIsThePace) {
  PaceController pace(10, 3);
  pace.OnReady(now_, 10ms);
  EXPECT_EQ(pace.rate(), 10);
}

TEST_F(PaceTest, SlowReadinessCutsIt) {
  const double before = Run(8s, 10ms);
  Run(2s, 10ms);
  EXPECT_LT(Run(500ms, 1s), before * 1.5 * 1.5);
  EXPECT_THAT(News(), HasSubstr("its readiness takes 1.0 s"));
}

TEST_F(PaceTest, ReadinessThatIsAlwaysSlowIsNoCongestion) { EXPECT_EQ(Run(30s, 900ms), 500); }

TEST_F(PaceTest, FailedRestartsCutIt) {
  Run(10s, 10ms);
  const double before = pace_.rate();
  EXPECT_LT(Run(2s, 10ms, static_cast<int>(before / 2)), before);
  EXPECT_THAT(News(), HasSubstr("restarts failed in the last 2 s"));
}

TEST_F(PaceTest, TwoBrokenNodesAreNoCongestion) {
  pace_.OnReady(now_, 10ms);
  pace_.OnFailed(now_);
  pace_.OnFailed(now_);
  EXPECT_EQ(Run(30s, 10ms), 500);
}

TEST_F(PaceTest, NodesThatAreOverdueCutIt) {
  Run(10s, 10ms);
  const double before = pace_.rate();
  pace_.OnListed(30, 100);
  EXPECT_LT(Run(2s, 10ms), before);
  EXPECT_THAT(News(), HasSubstr("30 of 100 nodes are not subscribed"));
  pace_.OnListed(0, 100);
  const double low = pace_.rate();
  EXPECT_GT(Run(5s, 10ms), low);
}

TEST_F(PaceTest, NeverBelowTheFloor) {
  Run(10s, 10ms);
  for (int list = 0; list < 60; ++list) {
    pace_.OnListed(100, 100);
    Run(5s, 10ms);
  }
  pace_.OnListed(100, 100);
  EXPECT_EQ(Run(5s, 10ms), 5);
}

TEST_F(PaceTest, HeldWhileHmnfdIsNotReadyAndSlowerAfterALongPause) {
  Run(10s, 10ms);
  const double before = pace_.rate();
  pace_.OnNotReady(now_, "503 from the gateway");
  EXPECT_EQ(pace_.rate(), 0);
  EXPECT_EQ(News(), "nothing is restarted until HMNFD is ready: 503 from the gateway");
  pace_.OnNotReady(now_ + 1s, "503");
  EXPECT_EQ(News(), "") << "said once";
  pace_.OnReady(now_ + 60s, 10ms);
  EXPECT_NEAR(pace_.rate(), before / 2, 0.1);
  EXPECT_THAT(News(), HasSubstr("HMNFD is ready again after 60.0 s"));
}

TEST_F(PaceTest, AShortPauseCostsLittle) {
  Run(10s, 10ms);
  const double before = pace_.rate();
  pace_.OnNotReady(now_, "503");
  pace_.OnReady(now_ + 1s, 10ms);
  EXPECT_NEAR(pace_.rate(), before * 0.93, 0.1);
}

// HMNFD that takes 100 subscriptions a second and keeps 200 waiting. What comes when that is full is refused, and so the restart fails.
// The unit of a node subscribes up to a second after its restart.
class FullHmnfd {
 public:
  FullHmnfd(uint64_t seed, bool is_not_ready_when_full)
      : random_(seed), is_not_ready_when_full_(is_not_ready_when_full) {}

  void Run(Duration duration) {
    for (const Time end = now_ + duration; now_ < end; now_ += kTick) {
      Serve();
      Start();
      Probe();
      if (now_ >= next_list_) {
        pace_.OnListed(0, started_.size());
        next_list_ = now_ + kListInterval;
      }
    }
  }
  // Starts a second, in each five seconds of [from, to).
  std::vector<double> Averages(int from, int to) const {
    std::vector<double> averages;
    for (int second = from; second + 5 <= to; second += 5) {
      const auto count = std::count_if(started_.begin(), started_.end(), [second](Time start) {
        return start >= kBegin + second * 1s && start < kBegin + (second + 5) * 1s;
      });
      averages.push_back(static_cast<double>(count) / 5);
    }
    return averages;
  }
  size_t FailedSince(Duration since) const {
    return static_cast<size_t>(std::count_if(failed_.begin(), failed_.end(), [since](Time failure) {
      return failure >= kBegin + since;
    }));
  }

 private:
  static constexpr Duration kTick = 10ms;
  static constexpr double kServed = 100;
  static constexpr double kRoom = 200;

  void Serve() {
    queue_ = std::max(0.0, queue_ - kServed * std::chrono::duration<double>(kTick).count());
    while (!posts_.empty() && posts_.begin()->first <= now_) {
      posts_.erase(posts_.begin());
      if (queue_ + 1 <= kRoom) {
        queue_ += 1;
      } else {
        failed_.push_back(now_);
        pace_.OnFailed(now_);
      }
    }
  }
  void Start() {
    if (pace_.rate() == 0) return bucket_.reset();
    const Rate rate{static_cast<uint32_t>(pace_.rate() * 10), 10s};
    if (!bucket_) bucket_ = TokenBucket::ForNewJob(rate, now_);
    if (pace_.rate() != told_) bucket_->SetRate(rate, now_);
    told_ = pace_.rate();
    for (; bucket_->HasToken(now_); bucket_->Take(now_)) {
      started_.push_back(now_);
      pace_.OnStarted(now_);
      posts_.emplace(
          now_ + Duration(std::uniform_int_distribution<int64_t>(0, Duration(1s).count())(random_)),
          0);
    }
  }
  void Probe() {
    if (answer_ && now_ >= *answer_) {
      if (is_not_ready_when_full_ && queue_ > kRoom - 1) {
        pace_.OnNotReady(now_, "503");
      } else {
        pace_.OnReady(now_, *answer_ - asked_);
      }
      answer_.reset();
    }
    if (answer_ || now_ < asked_ + kProbeInterval) return;
    asked_ = now_;
    answer_ = now_ + 10ms + Duration(static_cast<int64_t>(queue_ / kServed * 1e9));
  }

  std::mt19937_64 random_;
  const bool is_not_ready_when_full_;
  Time now_ = kBegin;
  PaceController pace_{5, 500};
  std::optional<TokenBucket> bucket_;
  double told_ = 0;
  double queue_ = 0;
  std::multimap<Time, int> posts_;
  std::vector<Time> started_;
  std::vector<Time> failed_;
  Time asked_{};
  std::optional<Time> answer_;
  Time next_list_ = kBegin;
};

TEST(PaceAgainstAFullHmnfd, StaysWhereItTakesThem) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (const bool is_not_ready_when_full : {false, true}) {
      FullHmnfd hmnfd(seed, is_not_ready_when_full);
      hmnfd.Run(300s);
      EXPECT_THAT(hmnfd.Averages(20, 300), Each(AllOf(Ge(80), Le(105))))
          << "seed " << seed << " " << is_not_ready_when_full;
      EXPECT_LE(hmnfd.FailedSince(20s), 280u) << "one in a hundred; seed " << seed;
    }
  }
}

}  // namespace
}  // namespace muster
