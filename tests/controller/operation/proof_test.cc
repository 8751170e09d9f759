// Who is subscribed, as one list after the other shows it.
#include "controller/operation/proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Time kStart = Time(1'000'000s);
const Subscribers kNobody;
const Subscribers kA = {{"a", {"orca"}}};

class ProofTest : public testing::Test {
 protected:
  // The only verdict.
  ProofVerdict One(Duration at, const Subscribers& subscribers) {
    const std::vector<ProofVerdict> verdicts = proof_.Take(kStart + at, subscribers);
    EXPECT_THAT(verdicts, SizeIs(1));
    return verdicts.empty() ? ProofVerdict() : verdicts.front();
  }
  std::vector<ProofVerdict> Take(Duration at, const Subscribers& subscribers) {
    return proof_.Take(kStart + at, subscribers);
  }

  Proof proof_{15s, 30s, {}};
};

TEST_F(ProofTest, SeenTwiceIsSubscribed) {
  proof_.Expect("a", 2, kStart);
  EXPECT_THAT(Take(1s, kA), IsEmpty());
  EXPECT_THAT(Take(6s, kA), IsEmpty());
  EXPECT_THAT(Take(11s, kA), IsEmpty());
  const ProofVerdict verdict = One(16s, kA);
  EXPECT_EQ(verdict.node, "a");
  EXPECT_EQ(verdict.attempt, 2u);
  EXPECT_TRUE(verdict.holds);
  EXPECT_EQ(verdict.reason, Reason::kSubscribed);
  EXPECT_THAT(verdict.detail, HasSubstr("of orca, seen twice, 15 s apart"));
  EXPECT_EQ(proof_.waiting(), 0u);
  EXPECT_THAT(Take(21s, kA), IsEmpty());
}

TEST_F(ProofTest, AListThatWasAskedForBeforeSaysNothing) {
  proof_.Expect("a", 1, kStart);
  EXPECT_THAT(Take(-1s, kA), IsEmpty());
  EXPECT_THAT(Take(14s, kA), IsEmpty());
  EXPECT_THAT(Take(16s, kA), IsEmpty()) << "14 s was the first look";
  EXPECT_TRUE(One(29s, kA).holds);
}

TEST_F(ProofTest, SeenAndThenGoneHasVanished) {
  proof_.Expect("a", 1, kStart);
  Take(1s, kA);
  const ProofVerdict verdict = One(9s, kNobody);
  EXPECT_FALSE(verdict.holds);
  EXPECT_EQ(verdict.reason, Reason::kVanished);
  EXPECT_THAT(verdict.detail, HasSubstr("dropped it within 8 s"));
}

TEST_F(ProofTest, NeverSeenIsNotSubscribed) {
  proof_.Expect("a", 1, kStart);
  EXPECT_THAT(Take(1s, kNobody), IsEmpty());
  EXPECT_THAT(Take(30s, kNobody), IsEmpty());
  const ProofVerdict verdict = One(31s, kNobody);
  EXPECT_FALSE(verdict.holds);
  EXPECT_EQ(verdict.reason, Reason::kNotSubscribed);
}

// Half an hour without a list is no half an hour in which the node was missing.
TEST_F(ProofTest, OnlyListsCount) {
  proof_.Expect("a", 1, kStart);
  EXPECT_THAT(Take(1800s, kNobody), IsEmpty());
  EXPECT_THAT(Take(1805s, kA), IsEmpty());
  EXPECT_TRUE(One(1820s, kA).holds);
}

TEST_F(ProofTest, AnotherAttemptBeginsAnew) {
  proof_.Expect("a", 1, kStart);
  Take(1s, kA);
  proof_.Expect("a", 2, kStart + 10s);
  EXPECT_THAT(Take(16s, kA), IsEmpty());
  EXPECT_THAT(Take(30s, kA), IsEmpty());
  EXPECT_EQ(One(31s, kA).attempt, 2u);
}

TEST_F(ProofTest, WhoIsForgottenIsNotJudged) {
  proof_.Expect("a", 1, kStart);
  proof_.Forget("a");
  proof_.Forget("nobody");
  EXPECT_THAT(Take(60s, kA), IsEmpty());
}

TEST_F(ProofTest, CountsThoseThatShouldBeThereByNow) {
  proof_.Expect("a", 1, kStart);
  proof_.Expect("b", 1, kStart);
  proof_.Expect("c", 1, kStart + 4s);
  Take(5s, kA);
  EXPECT_EQ(proof_.due(), 0u);
  Take(6s, kA);
  EXPECT_EQ(proof_.due(), 2u);
  EXPECT_EQ(proof_.overdue(), 1u);
  Take(10s, kA);
  EXPECT_EQ(proof_.due(), 3u);
  EXPECT_EQ(proof_.overdue(), 2u);
}

TEST(IsSubscribed, WithoutABaselineAnyAgentWill) {
  std::string missing;
  EXPECT_TRUE(IsSubscribed("a", {}, kA, &missing));
  EXPECT_FALSE(IsSubscribed("b", {}, kA, &missing));
  EXPECT_EQ(missing, "");
}

TEST(IsSubscribed, WithABaselineAllOfItsAgents) {
  const Subscribers baseline = {{"a", {"orca", "dvs", "other"}}};
  std::string missing;
  EXPECT_FALSE(IsSubscribed("a", baseline, kA, &missing));
  EXPECT_EQ(missing, "dvs, other");
  EXPECT_FALSE(IsSubscribed("a", baseline, kNobody, &missing));
  EXPECT_EQ(missing, "orca, dvs, other");
  EXPECT_TRUE(IsSubscribed("a", baseline, {{"a", {"other", "dvs", "orca", "new"}}}, &missing));
  EXPECT_EQ(missing, "");
  EXPECT_TRUE(IsSubscribed("b", baseline, {{"b", {"any"}}}, &missing)) << "who is not in it";
}

TEST(IsSubscribed, ABaselineWithoutAgentsAsksForAny) {
  std::string missing;
  EXPECT_FALSE(IsSubscribed("a", {{"a", {}}}, kNobody, &missing));
  EXPECT_TRUE(IsSubscribed("a", {{"a", {}}}, kA, &missing));
}

}  // namespace
}  // namespace muster
