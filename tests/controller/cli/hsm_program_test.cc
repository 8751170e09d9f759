// The program `muster` and what HSM says of nodes: as targets, in lists, in plans.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "program_fixture.h"

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class HsmProgramTest : public ProgramTest {
 protected:
  void AddNodes() {
    v1::Node& compute = controller_.nodes.emplace_back();
    compute.set_name("nodes/x1000c0s0b0n0");
    compute.set_role("Compute");
    compute.set_presence(v1::PRESENCE_ATTACHED);
    compute.set_in_inventory(true);
    compute.set_nid(1);
    compute.set_hsm_state("Ready");
    compute.set_enabled(false);
    v1::Node& worker = controller_.nodes.emplace_back();
    worker.set_name("nodes/x3000c0s7b0n0");
    worker.add_aliases("ncn-w001");
    worker.set_role("Management");
    worker.set_sub_role("Worker");
    worker.set_presence(v1::PRESENCE_NEVER_SEEN);
    worker.set_in_inventory(true);
    worker.set_hsm_state("Standby\x1b[31m");
    worker.set_enabled(true);
    worker.set_locked(true);
    worker.add_groups("blue");
    worker.set_partition("p1");
  }
};

TEST_F(HsmProgramTest, NodesAreListedWithIt) {
  AddNodes();
  Serve();
  const Result table = Run({"node", "list"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out,
              HasSubstr("ROLE               NID  HSM           FLAGS     ORCA  ALIASES\n"));
  EXPECT_THAT(table.out, HasSubstr("Compute            1    Ready         disabled  -\n"));
  EXPECT_THAT(table.out,
              HasSubstr("Management/Worker  -    Standby?[31m  locked    -     ncn-w001\n"));
  const auto json = nlohmann::json::parse(Run({"-o", "json", "node", "list"}).out);
  EXPECT_EQ(json["nodes"][0]["nid"], 1);
  EXPECT_EQ(json["nodes"][0]["enabled"], false);
  EXPECT_EQ(json["nodes"][1]["sub_role"], "Worker");
  EXPECT_EQ(json["nodes"][1]["locked"], true);
  EXPECT_EQ(json["nodes"][1]["groups"][0], "blue");
  EXPECT_FALSE(json["nodes"][1].contains("nid"));
}

TEST_F(HsmProgramTest, WithoutItItsColumnsAreNotThere) {
  v1::Node& node = controller_.nodes.emplace_back();
  node.set_name("nodes/x1");
  Serve();
  const Result table = Run({"node", "list"});
  EXPECT_THAT(table.out, HasSubstr("NODE  PRESENCE  SINCE  AGENT  ROLE  ORCA  ALIASES\n"));
  const auto json = nlohmann::json::parse(Run({"-o", "json", "node", "list"}).out);
  EXPECT_FALSE(json["nodes"][0].contains("enabled"));
}

TEST_F(HsmProgramTest, ANodeIsShownWithIt) {
  AddNodes();
  Serve();
  const Result worker = Run({"node", "show", "x3000c0s7b0n0"});
  EXPECT_EQ(worker.exit_code, 0) << worker.err;
  for (const char* line :
       {"sub role   Worker\n", "flags      locked\n", "group      blue\n", "partition  p1\n"})
    EXPECT_THAT(worker.out, HasSubstr(line));
  EXPECT_THAT(worker.out, Not(HasSubstr("\x1b")));
  const Result compute = Run({"node", "show", "x1000c0s0b0n0"});
  EXPECT_THAT(compute.out, HasSubstr("nid        1\n"));
  EXPECT_THAT(compute.out, HasSubstr("flags      disabled\n"));
}

TEST_F(HsmProgramTest, WhoLooksSeesDisabledNodesToo) {
  Serve();
  Run({"node", "list", "--hsm-state", "ready,standby"});
  Run({"node", "list", "--group", "blue", "--hsm-state", "off"});
  ASSERT_EQ(controller_.NodeLists().size(), 2u);
  const v1::Targets all = controller_.NodeLists()[0].targets();
  EXPECT_TRUE(all.all());
  EXPECT_TRUE(all.include_disabled());
  EXPECT_THAT(all.states(), ElementsAre("ready", "standby"));
  const v1::Targets group = controller_.NodeLists()[1].targets();
  EXPECT_FALSE(group.all());
  EXPECT_THAT(group.groups(), ElementsAre("blue"));
}

TEST_F(HsmProgramTest, AJobTakesDisabledNodesOnlyIfItIsTyped) {
  controller_.MakeJob(1);
  Serve();
  Run({"resubscribe", "--no-verify", "--role", "compute", "--hsm-state", "ready", "--detach"});
  Run({"resubscribe", "--no-verify", "--partition", "p1", "--include-disabled", "--detach"});
  Run({"job", "retry", "7", "--include-disabled", "--detach"});
  ASSERT_EQ(controller_.Creates().size(), 3u);
  EXPECT_FALSE(controller_.Creates()[0].targets().include_disabled());
  EXPECT_THAT(controller_.Creates()[0].targets().states(), ElementsAre("ready"));
  EXPECT_TRUE(controller_.Creates()[1].targets().include_disabled());
  EXPECT_TRUE(controller_.Creates()[2].targets().include_disabled());
}

TEST_F(HsmProgramTest, WhatSatStatusPrintedIsPipedIn) {
  controller_.MakeJob(1);
  Serve();
  const Result result =
      Run({"resubscribe", "--no-verify", "--sat", "-", "--detach"}, "operator",
          "| x1000c0s0b0n0 | nid000001 | Node |\n| x1000c0s0b0n1 | a, b | Node |\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("muster: --sat -: 2 nodes\n"));
  ASSERT_EQ(controller_.Creates().size(), 1u);
  EXPECT_THAT(controller_.Creates()[0].targets().node_sets(), ElementsAre("x1000c0s0b0n[0-1]"));
  const Result refused = Run({"resubscribe", "--no-verify", "--sat", "-"}, "operator", "nothing\n");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("muster: --sat -: line 1: no column holds the xnames"));
  EXPECT_EQ(controller_.Creates().size(), 1u);
}

}  // namespace
}  // namespace muster::cli
