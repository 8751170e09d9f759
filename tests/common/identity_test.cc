#include "common/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Identity, FindsTheNamesUnderAPattern) {
  const std::vector<std::string> uris = {"spiffe://muster/agent/x1000c0s0b0n0",
                                         "spiffe://muster/operator/alice",
                                         "spiffe://muster/agent/x1000c0s0b0n1"};
  EXPECT_THAT(NamesIn(uris, IdentityPatterns().agent),
              ElementsAre("x1000c0s0b0n0", "x1000c0s0b0n1"));
  EXPECT_THAT(NamesIn(uris, IdentityPatterns().operator_), ElementsAre("alice"));
  EXPECT_THAT(NamesIn(uris, IdentityPatterns().controller), IsEmpty());
}

TEST(Identity, AnEmptyOrDeeperNameIsNoName) {
  EXPECT_THAT(
      NamesIn({"spiffe://muster/agent/", "spiffe://muster/agent/a/b"}, IdentityPatterns().agent),
      IsEmpty());
}

TEST(Identity, APatternEndsWithItsOnlyPlaceholder) {
  EXPECT_TRUE(CheckPattern("spiffe://shasta/compute/workload/muster/<name>").ok());
  EXPECT_FALSE(CheckPattern("spiffe://muster/<name>/agent").ok());
  EXPECT_FALSE(CheckPattern("spiffe://muster/<name>/<name>").ok());
  EXPECT_FALSE(CheckPattern("<name>").ok());
  EXPECT_THAT(NamesIn({"anything"}, "<name>"), IsEmpty());
}

TEST(Identity, APatternOfTwoRolesIsRefused) {
  EXPECT_TRUE(CheckPatterns({}).ok());
  IdentityPatterns patterns;
  patterns.agent = patterns.operator_;
  EXPECT_FALSE(CheckPatterns(patterns).ok());
  patterns.agent = "spiffe://site/<name>";
  patterns.operator_ = "spiffe://site/op-<name>";
  EXPECT_FALSE(CheckPatterns(patterns).ok()) << "op-alice could be a node";
  patterns.operator_ = "spiffe://site/op/<name>";
  EXPECT_TRUE(CheckPatterns(patterns).ok());
}

TEST(Identity, TheUriOfANameIsFoundAgain) {
  const std::string uri = UriFor(IdentityPatterns().agent, "x1c0s0b0n0");
  EXPECT_THAT(NamesIn({uri}, IdentityPatterns().agent), ElementsAre("x1c0s0b0n0"));
}

}  // namespace
}  // namespace muster
