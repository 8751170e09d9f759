// Which nodes are meant by what sat status printed.
#include "controller/cli/sat_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/nodeset/node_name.h"
#include "tests/controller/cli/sat_printer.h"

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Names = std::vector<std::string>;
using Count = std::pair<const std::string, size_t>;

const Names kThree = {"x1000c0s0b0n0", "x1000c0s0b0n1", "x3000c0s7b0n0"};

// Before 3.11: no aliases, no sub roles.
SatReport Sat38() {
  return {
      "",
      {"xname", "Type", "NID", "State", "Flag", "Enabled", "Arch", "Class", "Role", "Net Type"},
      {{kThree[0], "Node", "1", "Ready", "OK", "True", "X86", "Mountain", "Compute", "Sling"},
       {kThree[1], "Node", "2", "Standby", "Alert", "True", "X86", "Mountain", "Compute", "Sling"},
       {kThree[2], "Node", "100004", "Ready", "OK", "False", "X86", "River", "Management",
        "Sling"}}};
}

// From 3.35 on: a title, aliases of which one is two, columns of CFS and BOS.
SatReport Sat335() {
  return {
      "Node Status",
      {"xname", "Aliases", "Type", "NID", "State", "Flag", "Enabled", "Arch", "Class", "Role",
       "SubRole", "Net Type", "Locked", "Desired Config", "Configuration Status", "Error Count",
       "Boot Status", "Most Recent BOS Session"},
      {{kThree[0], "nid000001", "Node", "1", "Ready", "OK", "True", "X86", "Mountain", "Compute",
        "None", "Sling", "False", "cos-config 2", "configured", "0", "stable", "a1"},
       {kThree[1], "MISSING", "Node", "2", "Standby", "Alert", "True", "X86", "Mountain", "Compute",
        "None", "Sling", "False", "MISSING", "pending", "0", "MISSING", "EMPTY"},
       {kThree[2], "ncn-w001, worker-1", "Node", "100004", "Ready", "OK", "False", "X86", "River",
        "Management", "Worker", "Sling", "True", "MISSING", "MISSING", "0", "MISSING", "MISSING"}}};
}

// Only these columns, as --fields prints them and as versions drop them.
SatReport Only(const SatReport& report, const Names& headings) {
  SatReport only{report.title, {}, std::vector<SatCells>(report.rows.size())};
  for (size_t i = 0; i < report.heading.size(); ++i) {
    if (std::find(headings.begin(), headings.end(), report.heading[i]) == headings.end()) continue;
    only.heading.push_back(report.heading[i]);
    for (size_t row = 0; row < report.rows.size(); ++row)
      only.rows[row].push_back(report.rows[row][i]);
  }
  return only;
}

Names XnamesIn(const std::string& text) {
  const auto status = ReadSatStatus(text);
  EXPECT_TRUE(status.ok()) << status.status() << "\n" << text;
  return status.ok() ? status->xnames : Names();
}

std::string ErrorIn(const std::string& text) {
  const auto status = ReadSatStatus(text);
  EXPECT_FALSE(status.ok()) << text;
  if (status.ok()) return "";
  EXPECT_EQ(status.status().code(), absl::StatusCode::kInvalidArgument);
  return Message(status.status());
}

TEST(SatStatus, EachVersionInEachFormat) {
  for (const SatReport& report :
       {Sat38(), Sat335(), Only(Sat335(), {"xname", "Type", "NID", "State", "Role"}),
        Only(Sat335(), {"Aliases", "xname"}), Only(Sat335(), {"xname"}),
        Only(Sat335(), {"NID", "Most Recent BOS Session", "xname", "Aliases"})}) {
    for (const std::string& text : AllFormats(report)) EXPECT_EQ(XnamesIn(text), kThree) << text;
  }
}

TEST(SatStatus, CountsWhatItsHeadingsTell) {
  for (const std::string& text : {Pretty(Sat335(), true, true), Pretty(Sat335(), false, true),
                                  AsJson(Sat335(), true), AsYaml(Sat335(), false)}) {
    const auto status = ReadSatStatus(text);
    ASSERT_TRUE(status.ok()) << status.status();
    EXPECT_THAT(status->states, UnorderedElementsAre(Count{"Ready", 2}, Count{"Standby", 1}));
    EXPECT_THAT(status->roles, UnorderedElementsAre(Count{"Compute", 2}, Count{"Management", 1}));
    EXPECT_EQ(SatInWords(*status), "3 nodes (2 Ready, 1 Standby; 2 Compute, 1 Management)");
  }
  const auto bare = ReadSatStatus(Pretty(Sat335(), true, false));
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_THAT(bare->states, IsEmpty());
  EXPECT_EQ(SatInWords(*bare), "3 nodes");
  EXPECT_EQ(SatInWords({{"x1c0s0b0n0"}, {{"Ready", 1}}, {}}), "1 node (1 Ready)");
}

TEST(SatStatus, AfterGrepAndTail) {
  for (const bool has_borders : {true, false}) {
    const std::string text = Pretty(Sat335(), has_borders, true);
    EXPECT_THAT(XnamesIn(Grep(text, "Compute")), ElementsAre(kThree[0], kThree[1]));
    EXPECT_THAT(XnamesIn(Grep(Grep(text, "Management"), "Ready")), ElementsAre(kThree[2]));
  }
  // tail -n +7 takes the title and the heading with its borders away.
  const std::string rows = Pretty(Sat335(), true, true);
  EXPECT_EQ(XnamesIn(rows.substr(rows.find("| x1000"))), kThree);
  EXPECT_EQ(XnamesIn(Grep(rows, "+--", false)), kThree);
}

TEST(SatStatus, TwoReportsOneAfterTheOther) {
  SatReport first = Sat335();
  SatReport second = Sat38();
  first.rows.pop_back();
  for (const bool has_borders : {true, false}) {
    EXPECT_EQ(XnamesIn(Pretty(first, has_borders, true) + "\n" + Pretty(second, has_borders, true)),
              kThree);
    EXPECT_EQ(XnamesIn(Pretty(second, has_borders, true) + Pretty(first, has_borders, true)),
              kThree);
  }
}

TEST(SatStatus, NodesThatAreNotNodesAreRefused) {
  SatReport report = Sat335();
  report.rows.push_back({"x3000c0s7b0", "MISSING", "NodeBMC", "0", "Ready", "OK", "True", "X86",
                         "River", "MISSING", "MISSING", "Sling", "False", "MISSING", "MISSING", "0",
                         "MISSING", "MISSING"});
  EXPECT_EQ(ErrorIn(Pretty(report, true, true)),
            "line 10: \"x3000c0s7b0\" is of type NodeBMC, not Node; sat status --types Node "
            "prints nodes alone");
  EXPECT_EQ(ErrorIn(Pretty(report, false, false)),
            "line 4: \"x3000c0s7b0\" is no xname of a node; sat status --types Node prints nodes "
            "alone");
  EXPECT_THAT(ErrorIn(AsJson(report, true)),
              HasSubstr("entry 4: \"x3000c0s7b0\" is of type NodeBMC"));
  EXPECT_THAT(ErrorIn(AsYaml(report, true)),
              HasSubstr("line 56: \"x3000c0s7b0\" is of type NodeBMC"));

  report = Sat335();
  report.rows[1][2] = "VirtualNode";
  EXPECT_THAT(ErrorIn(Pretty(report, true, true)), HasSubstr("is of type VirtualNode, not Node"));
  report.rows[1][2] = "MISSING";
  EXPECT_THAT(ErrorIn(Pretty(report, true, true)), HasSubstr("is of type MISSING, not Node"));
  for (const std::string no_node : {"MISSING", "", "x1000c0s0b0n", "x1000c0s0b0n1v1",
                                    "X1000c0s0b0n0", "nid000001", "x1000c0s0b0n1234567"}) {
    report = Sat335();
    report.rows[1][0] = no_node;
    EXPECT_THAT(ErrorIn(Pretty(report, true, true)),
                HasSubstr("line 8: \"" + no_node + "\" is no xname of a node"));
  }
}

TEST(SatStatus, NoColumnOrTwoAreRefused) {
  const SatReport no_xname = Only(Sat335(), {"Aliases", "Type", "NID"});
  EXPECT_THAT(ErrorIn(Pretty(no_xname, true, true)), HasSubstr("with --fields xname"));
  EXPECT_THAT(ErrorIn(AsJson(no_xname, true)), HasSubstr("with --fields xname"));
  SatReport two = Only(Sat335(), {"xname", "Aliases"});
  for (SatCells& row : two.rows) row[1] = row[0];
  EXPECT_EQ(ErrorIn(Pretty(two, true, false)),
            "line 2: columns 1 and 2 both hold xnames of nodes; which is meant?");
  EXPECT_EQ(XnamesIn(Pretty(two, true, true)), kThree);
  two.heading[1] = "XNAME";
  EXPECT_THAT(ErrorIn(Pretty(two, false, true)), HasSubstr("two columns are headed xname"));
}

TEST(SatStatus, WhatIsNotATableIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("\n \n"), std::string("{}"), std::string("[]"),
        std::string("Node Status: []\n"), AsJson({"Node Status", {"xname"}, {}}, true)}) {
    EXPECT_THAT(ErrorIn(text), HasSubstr("no node is in it")) << text;
  }
  const std::string table = Pretty(Sat335(), true, true);
  EXPECT_THAT(ErrorIn("ERROR: Request to HSM API failed\n"), HasSubstr("line 1: no column"));
  EXPECT_THAT(ErrorIn("WARNING: no CFS\n" + table), HasSubstr("rows without are mixed"));
  EXPECT_THAT(ErrorIn("12:" + Grep(table, "Compute")), HasSubstr("is no row as sat status prints"));
  EXPECT_THAT(ErrorIn("x1000c0s0b0n0 Node Ready\n"), HasSubstr("no column holds the xnames"));
  EXPECT_THAT(ErrorIn("| xname | x1000c0s0b0n0 |\n"), HasSubstr("a heading and a row at once"));
  EXPECT_THAT(ErrorIn(std::string("| x1000c0s0b0n0 | \0 |\n", 22)), HasSubstr("is no row as sat"));
  EXPECT_THAT(ErrorIn("x1000c0s0b0n0\tNode\n"), HasSubstr("is no row as sat status prints"));
  EXPECT_THAT(ErrorIn(Grep(table, "Compute") + Grep(Pretty(Sat335(), false, true), "Worker")),
              HasSubstr("mixed"));
  EXPECT_THAT(ErrorIn(Grep(table, "Compute") + Grep(Pretty(Sat38(), true, true), "River")),
              HasSubstr("line 3: it has 10 cells where the rows before it have 18"));
}

TEST(SatStatus, DocumentsThatAreNotSats) {
  EXPECT_THAT(ErrorIn("[{\"xname\": [\"x1000c0s0b0n0\"]}]"), HasSubstr("entry 1: a list"));
  EXPECT_THAT(ErrorIn("{\"a\": {\"xname\": \"x1000c0s0b0n0\"}}"), HasSubstr("a map where none"));
  EXPECT_THAT(ErrorIn("{\"a\": \"x1000c0s0b0n0\"}"), HasSubstr("where a list of nodes should be"));
  EXPECT_THAT(ErrorIn("[\"x1000c0s0b0n0\"]"), HasSubstr("where a list of nodes should be"));
  EXPECT_THAT(ErrorIn("[[{\"xname\": \"x1000c0s0b0n0\"}]]"), HasSubstr("a list where none"));
  EXPECT_THAT(ErrorIn("[{\"xname\": \"x1000c0s0b0n0\", \"xname\": \"x1000c0s0b0n1\"}]"),
              HasSubstr("entry 1: it has a field twice"));
  EXPECT_THAT(ErrorIn("[{\"xname\": \"x1000c0s0b0n0\"}, {\"xname\": \"x1\", \"NID\": 1}]"),
              HasSubstr("entry 2: it has other fields"));
  EXPECT_THAT(ErrorIn("[\n{\"xname\":\n"), HasSubstr("line 3: up to here it is JSON"));
  EXPECT_THAT(ErrorIn("- xname: x1000c0s0b0n0\n- NID: 1\n"), HasSubstr("line 2: it has other"));
  EXPECT_THAT(ErrorIn("- &a\n  xname: x1000c0s0b0n0\n- *a\n"), HasSubstr("line 3: an alias"));
  EXPECT_THAT(ErrorIn("- xname: x1000c0s0b0n0\n\tState: Ready\n"), HasSubstr("line 2: no YAML"));
  EXPECT_THAT(ErrorIn("- xname: x1000c0s0b0n0\n---\n- xname: x1000c0s0b0n1\n"),
              HasSubstr("more than one YAML document"));
  EXPECT_EQ(XnamesIn("{\"Components\": [{\"ID\": \"x1000c0s0b0n0\", \"Type\": \"Node\"}]}"),
            Names{kThree[0]});
  EXPECT_THAT(ErrorIn(std::string(100'000, '[')), HasSubstr("a list where none can be"));
  EXPECT_THAT(ErrorIn("- " + std::string(100'000, '[') + "\n"), HasSubstr(": no YAML: "));
}

// Wherever a text ends too early, nobody is meant whom the whole text does not mean: a name that is cut off is often a name.
TEST(SatStatus, ATextThatIsCutOffMeansNobodyElse) {
  SatReport report = Only(Sat335(), {"Role", "Aliases", "State", "NID", "xname"});
  std::swap(report.heading.front(), report.heading.back());
  for (SatCells& row : report.rows) std::swap(row.front(), row.back());
  report.rows[2][0] = "x1000c0s0b0n12";
  for (const SatReport& each : {report, Only(report, {"xname"}), Sat38()}) {
    for (const std::string& text : AllFormats(each)) {
      const Names whole = XnamesIn(text);
      for (size_t length = 0; length < text.size(); ++length) {
        const auto cut = ReadSatStatus(text.substr(0, length));
        if (!cut.ok()) continue;
        EXPECT_TRUE(std::includes(whole.begin(), whole.end(), cut->xnames.begin(),
                                  cut->xnames.end(), NaturalLess))
            << text.substr(0, length);
      }
    }
  }
}

TEST(SatStatus, ATableWithBordersThatIsCutOffIsRefused) {
  for (const bool has_headings : {true, false}) {
    const std::string text = Pretty(Sat335(), true, has_headings);
    const size_t last = text.find("|\n", text.find(kThree[2])) + 2;
    for (size_t length = 1; length <= last; ++length)
      EXPECT_NE(ErrorIn(text.substr(0, length)), "");
    EXPECT_THAT(ErrorIn(text.substr(0, last)), HasSubstr("no border at its end"));
    EXPECT_THAT(ErrorIn(text.substr(0, last - 4)), HasSubstr("no bar at its end"));
  }
}

TEST(SatStatus, TenThousandNodes) {
  SatReport report{"Node Status", Sat335().heading, {}};
  SatCells row = Sat335().rows[0];
  for (int i = 0; i < 10'000; ++i) {
    row[0] =
        fmt::format("x{}c{}s{}b{}n{}", 1000 + i / 256, i / 32 % 8, i / 4 % 8, i / 2 % 2, i % 2);
    report.rows.push_back(row);
  }
  for (const std::string& text : AllFormats(report)) EXPECT_EQ(XnamesIn(text).size(), 10'000u);
}

}  // namespace
}  // namespace muster::cli
