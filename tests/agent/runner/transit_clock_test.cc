#include "agent/runner/transit_clock.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
// The sender's clock began long before the receiver's.
constexpr uint64_t kAhead = 5'000'000 * kSecond;

TEST(TransitClock, WhatExceedsTheFastestMessageIsTheWait) {
  TransitClock clock;
  EXPECT_EQ(clock.Waited(kAhead + 10 * kSecond, 11 * kSecond), 0s) << "the first is all there is";
  EXPECT_EQ(clock.Waited(kAhead + 12 * kSecond, 12 * kSecond), 0s) << "a faster one";
  const Duration waited = clock.Waited(kAhead + 13 * kSecond, 53 * kSecond);
  EXPECT_GT(waited, 39s);
  EXPECT_LE(waited, 40s);
}

TEST(TransitClock, DriftOfAWeekIsNoWait) {
  TransitClock clock;
  // The sender's clock is slow by 400 ppm, and a message comes every hour.
  for (uint64_t hour = 0; hour < 24 * 7; ++hour) {
    const uint64_t now = hour * 3600 * kSecond;
    EXPECT_EQ(clock.Waited(kAhead + now - now / 1'000'000 * 400, now), 0s) << hour;
  }
}

TEST(TransitClock, AnHourOfBeingHeldUpIsNotTakenForDrift) {
  TransitClock clock;
  clock.Waited(kAhead, 0);
  EXPECT_GT(clock.Waited(kAhead + kSecond, 3600 * kSecond), 3590s);
}

}  // namespace
}  // namespace muster
