// Rates, amounts, points in time and policies: what is typed and what is shown.
#include "controller/cli/policy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include "controller/cli/policy_options.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::string Rated(const std::string& text) {
  const auto rate = ParseRate(text);
  return rate.ok() ? FormatRate(*rate) : Message(rate.status());
}

TEST(Rate, IsHowManyInWhatTime) {
  EXPECT_EQ(Rated("100/s"), "100/s");
  EXPECT_EQ(Rated("30/min"), "30/min");
  EXPECT_EQ(Rated("30/m"), "30/min");
  EXPECT_EQ(Rated("600/h"), "600/h");
  EXPECT_EQ(Rated("600/d"), "600 in 1 d");
  EXPECT_EQ(Rated("10/5s"), "10 in 5 s");
  for (const char* text : {"", "100", "/s", "100/", "-1/s", "1.5/s", "100/5", "100/w", "100 /s",
                           "100/s/s", "100/0s", "99999999999/s"}) {
    EXPECT_EQ(ParseRate(text).status().code(), kInvalid) << text;
  }
  EXPECT_THAT(Rated("fast"), HasSubstr("\"fast\" is not a rate; write how many starts"));
}

std::string Amount(const std::string& text) {
  const auto amount = ParseAmount(text);
  return amount.ok() ? FormatAmount(*amount) : Message(amount.status());
}

TEST(Amount, IsANumberOrAShare) {
  EXPECT_EQ(Amount("5"), "5");
  EXPECT_EQ(Amount("0"), "0");
  EXPECT_EQ(Amount("10%"), "10 %");
  EXPECT_EQ(Amount("0.07%"), "0.07 %");
  EXPECT_EQ(Amount("100%"), "100 %");
  for (const char* text :
       {"", "%", "-1", "5.5", "101%", "-1%", "nan%", "5 %", "five", "4294967296"})
    EXPECT_EQ(ParseAmount(text).status().code(), kInvalid) << text;
}

class SinceTest : public ::testing::Test {
 protected:
  SinceTest() {
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
  }
  ~SinceTest() override {
    unsetenv("TZ");
    tzset();
  }
  static int64_t SecondsOf(const std::string& text) {
    const auto since = ParseSince(text);
    EXPECT_TRUE(since.ok()) << since.status();
    return since.ok() && since->time ? since->time->seconds() : -1;
  }
};

TEST_F(SinceTest, IsATimeWithItsZone) {
  EXPECT_EQ(SecondsOf("2026-11-21T08:04:11Z"), 1'795'248'251);
  EXPECT_EQ(SecondsOf("2026-11-21t09:04:11+01:00"), 1'795'248'251);
  EXPECT_EQ(SecondsOf("2026-11-21 03:34:11-04:30"), 1'795'248'251);
  EXPECT_EQ(ParseSince("2026-11-21T08:04:11.25Z")->time->nanos(), 250'000'000);
}

TEST_F(SinceTest, OrInLocalTime) {
  EXPECT_EQ(SecondsOf("2026-11-21 09:04:11"), 1'795'248'251);  // CET
  EXPECT_EQ(SecondsOf("2026-11-21 09:04"), 1'795'248'240);
  EXPECT_EQ(SecondsOf("2026-07-01 12:00"), SecondsOf("2026-07-01T10:00:00Z"));  // CEST
  // The hour that the change to summer time leaves out.
  EXPECT_EQ(ParseSince("2026-03-29 02:30").status().code(), kInvalid);
}

TEST_F(SinceTest, OrSoLongAgo) {
  EXPECT_EQ(ParseSince("30min")->age, 30min);
  EXPECT_EQ(ParseSince("7d")->age, 168h);
  EXPECT_EQ(ParseSince("90")->age, 90s);
  EXPECT_FALSE(ParseSince("30min")->time);
}

TEST_F(SinceTest, ThatIsNoTimeIsAnError) {
  for (const char* text :
       {"", "yesterday", "2026-11-21", "2026-13-01T00:00:00Z", "2026-06-31T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T08:61:00Z", "2026-11-21T08:04:11Zx"})
    EXPECT_EQ(ParseSince(text).status().code(), kInvalid) << text;
}

TEST(PolicyInWords, TellsWhatIsLimited) {
  v1::Policy policy;
  policy.set_max_parallel(1000);
  EXPECT_EQ(PolicyInWords(policy), "at most 1000 at once");
  policy.set_ramp(true);
  *policy.mutable_rate() = *ParseRate("100/s");
  *policy.mutable_canary() = *ParseAmount("5");
  policy.mutable_min_healthy()->set_seconds(10);
  *policy.mutable_max_failures() = *ParseAmount("10%");
  policy.set_retries(2);
  policy.mutable_since()->set_seconds(1'795'248'251);
  policy.set_on_conflict(v1::ON_CONFLICT_REFUSE);
  policy.mutable_delivery_deadline()->set_seconds(120);
  EXPECT_EQ(
      PolicyInWords(policy),
      "at most 1000 at once by a ramp, 100/s, canary 5 healthy for 10 s, at most 10 % failures, "
      "retries 2, not those started since 2026-11-21 08:04:11Z, refused on conflict, delivery "
      "within 2 min");
}

TEST(Overridden, WhatIsTypedStandsInPlaceOfTheOld) {
  v1::Policy old;
  old.set_max_parallel(10);
  old.mutable_since()->set_seconds(7);
  old.mutable_deadline()->set_nanos(5);
  *old.mutable_canary() = *ParseAmount("10%");
  v1::Policy typed;
  typed.mutable_deadline()->set_seconds(60);
  *typed.mutable_canary() = *ParseAmount("5");
  typed.mutable_since_age()->set_seconds(30);
  const v1::Policy policy = Overridden(old, typed);
  EXPECT_EQ(policy.max_parallel(), 10u);
  EXPECT_FALSE(policy.has_since());
  EXPECT_EQ(policy.since_age().seconds(), 30);
  EXPECT_EQ(FromProto(policy.deadline()), 60s);
  EXPECT_EQ(FormatAmount(policy.canary()), "5");
}

}  // namespace
}  // namespace muster::cli
