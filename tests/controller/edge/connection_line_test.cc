// Stories of the line, and a random one: whatever comes and goes, its limits hold and nobody is forgotten.
#include "controller/edge/connection_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace muster {
namespace {

using ::testing::ElementsAre;
using Id = ConnectionLine::Id;

constexpr Time kStart{std::chrono::hours(1)};

ConnectionLimits Small() {
  ConnectionLimits limits;
  limits.waiting = 10;
  limits.opening = 4;
  limits.share = 2;
  return limits;
}

class ConnectionLineTest : public ::testing::Test {
 protected:
  // One that has said something.
  Id Wait(const std::string& source) {
    const Id id = ++last_;
    EXPECT_FALSE(line_.Add(id, source, now_));
    line_.OnFirstByte(id);
    return id;
  }
  // All whose turn it is now.
  std::vector<Id> Turns() {
    std::vector<Id> ids;
    for (;;) {
      const ConnectionLine::Turn turn = line_.Next(now_);
      if (turn.drop) dropped_.push_back(*turn.drop);
      if (!turn.next) return ids;
      ids.push_back(*turn.next);
    }
  }

  Time now_ = kStart;
  Id last_ = 0;
  ConnectionLine line_{Small()};
  std::vector<ConnectionLine::Drop> dropped_;
};

TEST_F(ConnectionLineTest, FewOpenAtOnceInTheOrderInWhichTheyCame) {
  for (int i = 0; i < 6; ++i) Wait("a");
  EXPECT_THAT(Turns(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(line_.waiting(), 2u);
  line_.Remove(3);  // open now
  EXPECT_THAT(Turns(), ElementsAre(5));
  line_.Remove(6);  // gave up; nobody has paid for it
  line_.Remove(1);
  EXPECT_THAT(Turns(), ElementsAre());
  EXPECT_EQ(line_.waiting(), 0u);
}

TEST_F(ConnectionLineTest, WhoSaysNothingHasNoTurnAndIsDropped) {
  line_.Add(1, "a", now_);
  EXPECT_THAT(Turns(), ElementsAre());
  EXPECT_EQ(line_.NextDeadline(now_), now_ + Small().first_byte);
  EXPECT_TRUE(line_.Expire(now_ + Small().first_byte - 1ms).drops.empty());
  const auto drops = line_.Expire(now_ + Small().first_byte).drops;
  ASSERT_EQ(drops.size(), 1u);
  EXPECT_EQ(drops[0].id, 1u);
  EXPECT_EQ(drops[0].why, Refusal::kSilentConnection);
  EXPECT_EQ(line_.NextDeadline(now_), std::nullopt);
}

TEST_F(ConnectionLineTest, SourcesTakeTurns) {
  for (int i = 0; i < 5; ++i) Wait("many");  // 1 … 5
  Wait("one");                               // 6
  Wait("two");                               // 7
  EXPECT_THAT(Turns(), ElementsAre(1, 6, 7, 2));
}

TEST_F(ConnectionLineTest, WhenTheLineIsFullTheSourceWithMostLosesOne) {
  for (int i = 0; i < 9; ++i) line_.Add(++last_, "flood", now_);
  Wait("node");  // 10
  const auto drop = line_.Add(++last_, "other", now_);
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->id, 1u);
  EXPECT_EQ(drop->why, Refusal::kCrowdedConnection);
  EXPECT_EQ(line_.waiting(), 10u);
}

TEST_F(ConnectionLineTest, WhenAllHaveOneTheNewestGoes) {
  for (int i = 0; i < 10; ++i) line_.Add(++last_, "host " + std::to_string(i), now_);
  const auto drop = line_.Add(++last_, "a host that comes first in the order of names", now_);
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->id, last_);
}

TEST_F(ConnectionLineTest, StalledHandshakesOfOneSourceMakeWayForOthers) {
  for (int i = 0; i < 5; ++i) Wait("stalls");
  EXPECT_THAT(Turns(), ElementsAre(1, 2, 3, 4));
  now_ += 1s;
  Wait("node");  // 6
  EXPECT_THAT(Turns(), ElementsAre());
  EXPECT_EQ(line_.NextDeadline(now_), kStart + Small().stall);
  now_ = kStart + Small().stall;
  EXPECT_THAT(Turns(), ElementsAre(6)) << "and its own fifth has to wait";
  ASSERT_EQ(dropped_.size(), 1u);
  EXPECT_EQ(dropped_[0].id, 1u);
  EXPECT_EQ(dropped_[0].why, Refusal::kStalledHandshake);
}

TEST_F(ConnectionLineTest, ASlotIsFreeAfterAWhileAnyway) {
  for (int i = 0; i < 5; ++i) Wait("a");
  EXPECT_THAT(Turns(), ElementsAre(1, 2, 3, 4));
  now_ += Small().opening_time;
  EXPECT_EQ(line_.Expire(now_).left.size(), 4u) << "gRPC ends them";
  EXPECT_THAT(Turns(), ElementsAre(5));
}

TEST(ConnectionLine, WhereOnlyStreamsAreWantedOneThatOpensNoneIsDropped) {
  ConnectionLimits limits = Small();
  limits.drops_unopened = true;
  ConnectionLine line(limits);
  line.Add(1, "a", kStart);
  line.OnFirstByte(1);
  ASSERT_EQ(line.Next(kStart).next, 1u);
  const auto drops = line.Expire(kStart + limits.opening_time).drops;
  ASSERT_EQ(drops.size(), 1u);
  EXPECT_EQ(drops[0].id, 1u);
  EXPECT_EQ(drops[0].why, Refusal::kUnopenedConnection);
}

TEST(ConnectionLine, HoldsItsLimitsWhateverComes) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    ConnectionLine line(Small());
    std::map<Id, char> waits;  // 's' silent, 'w' waiting, 'o' opening
    Time now = kStart;
    Id last = 0;
    const auto any = [&]() -> Id {
      return waits.empty()
                 ? 0
                 : std::next(waits.begin(), static_cast<long>(random() % waits.size()))->first;
    };
    const auto drop = [&](const ConnectionLine::Drop& one) {
      ASSERT_EQ(waits.erase(one.id), 1u) << "seed " << seed << ": dropped, but not there";
    };
    for (int step = 0; step < 500; ++step) {
      now += Duration(random() % 1'500'000'000);
      ConnectionLine::Expired expired;
      switch (random() % 5) {
        case 0:
        case 1:
          waits[++last] = 's';
          if (const auto full =
                  line.Add(last, std::string(1, static_cast<char>('a' + random() % 3)), now))
            drop(*full);
          break;
        case 2:
          if (const Id id = any(); id != 0 && waits[id] == 's') {
            line.OnFirstByte(id);
            waits[id] = 'w';
          }
          break;
        case 3:
          if (const Id id = any(); id != 0) {
            line.Remove(id);
            waits.erase(id);
          }
          break;
        case 4:
          expired = line.Expire(now);
          for (const auto& one : expired.drops) drop(one);
          for (const Id id : expired.left) waits.erase(id);
          break;
      }
      for (auto turn = line.Next(now); turn.next; turn = line.Next(now)) {
        if (turn.drop) drop(*turn.drop);
        ASSERT_EQ(waits[*turn.next], 'w') << "seed " << seed;
        waits[*turn.next] = 'o';
      }
      size_t opening = 0;
      for (const auto& [id, state] : waits) opening += state == 'o' ? 1 : 0;
      ASSERT_EQ(opening, line.opening()) << "seed " << seed;
      ASSERT_LE(line.opening(), Small().opening);
      ASSERT_LE(line.waiting(), Small().waiting);
      ASSERT_EQ(line.waiting(), waits.size() - opening) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace muster
