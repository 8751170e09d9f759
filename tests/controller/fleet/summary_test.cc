// How the fleet is.
#include "controller/fleet/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::Pair;

NodeInfo Node(const std::string& xname, const std::string& role = "Compute") {
  NodeInfo node;
  node.xname = xname;
  node.role = role;
  return node;
}

Condition Orca(Truth truth, const std::string& reason, const std::string& message = "") {
  return {ConditionKind::kOrcaActive, truth, reason, message};
}

TEST(HealthSummary, GroupsWhoIsNotWellWorstFirst) {
  HealthSummary summary(HealthBy::kCabinet);
  const Condition attached{ConditionKind::kAgentAttached, Truth::kTrue, "Attached", ""};
  const Condition away{ConditionKind::kAgentAttached, Truth::kUnknown, "Away", ""};
  summary.Add(Node("x1000c0s0b0n0"), {attached, Orca(Truth::kTrue, "Active")});
  summary.Add(Node("x1000c0s0b0n1"), {attached, Orca(Truth::kFalse, "Failed", "first")});
  summary.Add(Node("x1000c0s1b0n0"), {away, Orca(Truth::kUnknown, kAgentAway)});
  summary.Add(Node("x1001c0s0b0n0"), {away});
  summary.Add(Node("x1001c0s0b0n1"), {attached, Orca(Truth::kFalse, "Stopped")});
  summary.Add(Node("x1001c0s1b0n0"), {attached, Orca(Truth::kFalse, "Stopped")});
  summary.Add(Node("ncn-w001"), {attached});
  EXPECT_EQ(summary.verdict(), Verdict::kDegraded);
  EXPECT_EQ(summary.counts(), (HealthCounts{2, 3, 2}));
  EXPECT_EQ(summary.count(ConditionKind::kOrcaActive, Truth::kFalse), 3u);
  const std::vector<HealthGroup> groups = summary.Groups();
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].reason, "Stopped") << "two nodes";
  EXPECT_EQ(groups[1].reason, "Failed");
  EXPECT_EQ(groups[1].example, "first");
  EXPECT_EQ(groups[2].reason, "Away") << "two nodes, but nothing is wrong with them";
  EXPECT_THAT(groups[2].nodes, ElementsAre("x1000c0s1b0n0", "x1001c0s0b0n0"));
  EXPECT_THAT(summary.parts(), ElementsAre(Pair("other", HealthCounts{1, 0, 0}),
                                           Pair("x1000", HealthCounts{1, 1, 1}),
                                           Pair("x1001", HealthCounts{0, 2, 1})));
}

TEST(HealthSummary, TheFleetIsUnknownIfNobodyIsWell) {
  HealthSummary summary(HealthBy::kNone);
  EXPECT_EQ(summary.verdict(), Verdict::kUnknown);
  summary.Add(Node("x1"), {{ConditionKind::kAgentAttached, Truth::kUnknown, "Away", ""}});
  EXPECT_EQ(summary.verdict(), Verdict::kUnknown);
  summary.Add(Node("x2"), {{ConditionKind::kAgentAttached, Truth::kTrue, "Attached", ""}});
  EXPECT_EQ(summary.verdict(), Verdict::kWell);
  EXPECT_TRUE(summary.parts().empty());
}

TEST(PartOf, IsPlaceOrRole) {
  EXPECT_EQ(PartOf(Node("x1000c2s3b0n1"), HealthBy::kCabinet), "x1000");
  EXPECT_EQ(PartOf(Node("x1000c2s3b0n1"), HealthBy::kChassis), "x1000c2");
  EXPECT_EQ(PartOf(Node("x1000c2s3b0n1", "Application"), HealthBy::kRole), "Application");
  EXPECT_EQ(PartOf(Node("x1", ""), HealthBy::kRole), "other");
}

}  // namespace
}  // namespace muster
