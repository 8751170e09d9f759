// A condition that changes again and again is told when that begins and when it ends.
#include "controller/fleet/flap_damping.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

const Time kStart(1000s);

TEST(FlapDamping, ChangesNowAndThenAreTold) {
  FlapDamping flap;
  for (int i = 0; i < 20; ++i) {
    flap.Add(kStart + i * FlapDamping::kHalfLife);
    EXPECT_FALSE(flap.is_suppressed()) << i;
  }
  EXPECT_FALSE(flap.TryRelease(kStart + 24h)) << "nothing was suppressed";
}

TEST(FlapDamping, TheFourthInARowIsTooMany) {
  FlapDamping flap;
  for (int i = 0; i < 3; ++i) flap.Add(kStart);
  EXPECT_FALSE(flap.is_suppressed());
  flap.Add(kStart + 1s);
  EXPECT_TRUE(flap.is_suppressed());
}

TEST(FlapDamping, ItIsReleasedOnceItHasBeenQuiet) {
  FlapDamping flap;
  for (int i = 0; i < 6; ++i) flap.Add(kStart);
  // 6000 decay to 750 in three half-lives.
  const Time release = flap.ReleaseTime();
  EXPECT_EQ(release, kStart + 3 * FlapDamping::kHalfLife);
  EXPECT_FALSE(flap.TryRelease(release - 1s));
  EXPECT_TRUE(flap.TryRelease(release));
  EXPECT_FALSE(flap.TryRelease(release)) << "once";
  EXPECT_TRUE(flap.IsOver(release + 1s));
}

TEST(FlapDamping, WhateverItDidItIsToldAgainAfterFourHalfLives) {
  FlapDamping flap;
  for (int i = 0; i < 10'000; ++i) flap.Add(kStart);
  EXPECT_EQ(flap.ReleaseTime(), kStart + 4 * FlapDamping::kHalfLife);
}

}  // namespace
}  // namespace muster
