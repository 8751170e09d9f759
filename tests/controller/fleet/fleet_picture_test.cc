// All nodes at a glance, and what has changed since somebody looked.
#include "controller/fleet/fleet_picture.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

PictureRow Row(const std::string& xname, const std::string& letters = "TT-----") {
  return {.xname = xname, .alias = "", .role = "Compute", .letters = letters};
}

TEST(FleetPicture, OnlyWhatChangesHasANewRevision) {
  FleetPicture picture;
  picture.SetAll({Row("x1"), Row("x2")});
  const uint64_t before = picture.revision();
  picture.Set({Row("x1")});
  EXPECT_EQ(picture.revision(), before) << "it is as it was";
  picture.Set({Row("x2", "TF-----")});
  EXPECT_GT(picture.revision(), before);
  EXPECT_EQ(picture.rows()[0].revision, before);
  EXPECT_EQ(picture.rows()[1].revision, picture.revision());
  EXPECT_EQ(picture.layout(), 1u);
}

TEST(FleetPicture, TheSameNodesAgainKeepTheirNumbers) {
  FleetPicture picture;
  picture.SetAll({Row("x1"), Row("x2")});
  const uint64_t before = picture.revision();
  picture.SetAll({Row("x1"), Row("x2", "F------")});
  EXPECT_EQ(picture.layout(), 1u);
  EXPECT_EQ(picture.rows()[0].revision, before);
  picture.SetAll({Row("x2")});
  EXPECT_EQ(picture.layout(), 2u);
  EXPECT_EQ(picture.NumberOf("x2"), 0u);
  EXPECT_EQ(picture.NumberOf("x1"), std::nullopt);
}

TEST(FleetPicture, NewNodesTakeTheirPlaceInNaturalOrder) {
  FleetPicture picture;
  picture.SetAll({Row("x9"), Row("x100")});
  picture.Set({Row("x99"), Row("x1"), Row("x100", "F------")});
  std::vector<std::string> names;
  for (const PictureRow& row : picture.rows()) names.push_back(row.xname);
  EXPECT_EQ(names, (std::vector<std::string>{"x1", "x9", "x99", "x100"}));
  EXPECT_EQ(picture.NumberOf("x100"), 3u);
  EXPECT_EQ(picture.rows()[3].letters, "F------");
  EXPECT_EQ(picture.layout(), 2u);
}

TEST(FleetPicture, ARowHasALetterForEachKind) {
  NodeInfo node;
  node.xname = "x1";
  node.aliases = {"nid000001", "other"};
  const PictureRow row = RowOf(node, {{ConditionKind::kAgentAttached, Truth::kTrue, "Attached", ""},
                                      {ConditionKind::kSubscribed, Truth::kFalse, "No", ""},
                                      {ConditionKind::kClockSynced, Truth::kUnknown, "?", ""}});
  EXPECT_EQ(row.letters, "T-F---U-");
  EXPECT_EQ(row.alias, "nid000001");
  EXPECT_EQ(row.verdict, Verdict::kDegraded);
  EXPECT_EQ(TruthOf(row.letters[2]), Truth::kFalse);
  EXPECT_EQ(TruthOf(row.letters[1]), Truth::kUnspecified);
}

}  // namespace
}  // namespace muster
