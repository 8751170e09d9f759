// Nodes that are meant by what HSM says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/inventory/node_registry.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Names = std::vector<std::string>;

InventoryNode Node(const std::string& xname, const std::string& role, const std::string& sub_role,
                   const std::string& state) {
  InventoryNode node{xname, {}, role};
  node.sub_role = sub_role;
  node.state = state;
  return node;
}

// Four compute nodes, of which c2 is off, c3 disabled; a worker, a storage node, a UAN that is disabled; and a node that only attached.
class TargetSpecTest : public testing::Test {
 protected:
  TargetSpecTest() {
    std::vector<InventoryNode> nodes = {Node("c0", "Compute", "", "Ready"),
                                        Node("c1", "Compute", "", "Standby"),
                                        Node("c2", "Compute", "", "Off"),
                                        Node("c3", "Compute", "", "Ready"),
                                        Node("m1", "Management", "Worker", "Ready"),
                                        Node("m2", "Management", "Storage", "Ready"),
                                        Node("u1", "Application", "UAN", "Standby")};
    nodes[0].groups = {"blue"};
    nodes[1].groups = {"blue", "green"};
    nodes[3].groups = {"green"};
    nodes[0].partition = "p1";
    nodes[3].is_enabled = false;
    nodes[6].is_enabled = false;
    registry_.SetHsm(nodes, Time{});
    Hello hello;
    hello.node = "z9";
    registry_.OnAttached(hello, "", Time{});
  }

  Resolved Resolve(const TargetSpec& targets) {
    absl::StatusOr<Resolved> resolved = registry_.Resolve(targets);
    EXPECT_TRUE(resolved.ok()) << resolved.status();
    return resolved.ok() ? *std::move(resolved) : Resolved{};
  }
  Names XnamesOf(const TargetSpec& targets) { return Resolve(targets).xnames; }
  absl::Status ErrorOf(const TargetSpec& targets) { return registry_.Resolve(targets).status(); }

  NodeRegistry registry_{{}};
};

TEST_F(TargetSpecTest, ARoleIsARoleOrASubRoleInAnyCase) {
  EXPECT_THAT(XnamesOf({.roles = {"compute"}}), ElementsAre("c0", "c1", "c2"));
  EXPECT_THAT(XnamesOf({.roles = {"MANAGEMENT"}}), ElementsAre("m1", "m2"));
  EXPECT_THAT(XnamesOf({.roles = {"worker"}}), ElementsAre("m1"));
  EXPECT_THAT(XnamesOf({.roles = {"storage", "Worker"}}), ElementsAre("m1", "m2"));
  EXPECT_EQ(Message(ErrorOf({.roles = {"gateway"}})),
            "no node has role 'gateway': there are Application, Compute, Management, Storage, UAN, "
            "Worker");
}

TEST_F(TargetSpecTest, GroupsAndPartitions) {
  EXPECT_THAT(XnamesOf({.groups = {"Blue"}}), ElementsAre("c0", "c1"));
  EXPECT_THAT(XnamesOf({.partitions = {"P1"}}), ElementsAre("c0"));
  EXPECT_EQ(Message(ErrorOf({.groups = {"blue", "red"}})),
            "no node is in group 'red': there are blue, green");
  EXPECT_EQ(ErrorOf({.partitions = {"p2"}}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(ErrorOf({.partitions = {"p2"}})), "no node is in partition 'p2': there are p1");
  NodeRegistry without({});
  EXPECT_THAT(Message(without.Resolve({.groups = {"blue"}}).status()),
              HasSubstr("HSM has told of no groups"));
}

TEST_F(TargetSpecTest, WhatIsNamedAndWhatIsSelectedAddsUp) {
  EXPECT_THAT(XnamesOf({.node_sets = {"m2", "c0"}, .roles = {"worker"}, .groups = {"blue"}}),
              ElementsAre("c0", "c1", "m1", "m2"));
  EXPECT_THAT(XnamesOf({.roles = {"compute"}, .exclude = {"c[1-2]"}, .groups = {"green"}}),
              ElementsAre("c0"));
}

TEST_F(TargetSpecTest, StatesNarrowWhatIsSelected) {
  EXPECT_THAT(XnamesOf({.roles = {"compute"}, .states = {"ready"}}), ElementsAre("c0"));
  EXPECT_THAT(XnamesOf({.roles = {"compute"}, .states = {"Ready", "STANDBY"}}),
              ElementsAre("c0", "c1"));
  // z9 is in no state.
  EXPECT_THAT(XnamesOf({.all = true, .states = {"Ready"}}), ElementsAre("c0", "m1", "m2"));
  // A node that is named is taken in any state.
  EXPECT_THAT(XnamesOf({.node_sets = {"c2"}, .roles = {"compute"}, .states = {"Ready"}}),
              ElementsAre("c0", "c2"));
}

TEST_F(TargetSpecTest, StatesThatCannotBe) {
  const absl::Status unknown = ErrorOf({.all = true, .states = {"Redy"}});
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(unknown), HasSubstr("'Redy' is no state of HSM: there are Unknown, Empty"));
  const absl::Status nothing = ErrorOf({.node_sets = {"c0"}, .states = {"Ready"}});
  EXPECT_EQ(nothing.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(nothing), HasSubstr("none of these was given"));
  EXPECT_EQ(ErrorOf({.states = {"Ready"}}).code(), absl::StatusCode::kInvalidArgument);
  const absl::Status none = ErrorOf({.states = {"Halt", "Empty"}, .groups = {"blue"}});
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(none),
            "no targets: of 2 nodes HSM calls none Halt or Empty; --hsm-state asked for it");
}

TEST_F(TargetSpecTest, DisabledNodesAreLeftOutOfWhatIsSelectedAndTold) {
  Resolved resolved = Resolve({.all = true});
  EXPECT_THAT(resolved.xnames, ElementsAre("c0", "c1", "c2", "m1", "m2", "z9"));
  EXPECT_THAT(resolved.disabled, ElementsAre("c3", "u1"));
  // Those that were not asked for anyway are not told.
  resolved = Resolve({.all = true, .exclude = {"u1"}, .states = {"Ready", "Standby"}});
  EXPECT_THAT(resolved.disabled, ElementsAre("c3"));
  resolved = Resolve({.groups = {"green"}, .include_disabled = true});
  EXPECT_THAT(resolved.xnames, ElementsAre("c1", "c3"));
  EXPECT_THAT(resolved.disabled, IsEmpty());
}

TEST_F(TargetSpecTest, ADisabledNodeThatIsNamedIsAnErrorThatSaysWhatToType) {
  const absl::Status one = ErrorOf({.node_sets = {"c[0-3]"}});
  EXPECT_EQ(one.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(one),
            "disabled in HSM: c3 (1 node): --include-disabled takes it all the same, -x leaves it "
            "out");
  EXPECT_THAT(Message(ErrorOf({.node_sets = {"c3,u1"}, .roles = {"worker"}})),
              HasSubstr("c3,u1 (2 nodes): --include-disabled takes them"));
  EXPECT_THAT(XnamesOf({.node_sets = {"c[0-3]"}, .exclude = {"c3"}}),
              ElementsAre("c0", "c1", "c2"));
  EXPECT_THAT(XnamesOf({.node_sets = {"c[2-3]"}, .include_disabled = true}),
              ElementsAre("c2", "c3"));
}

TEST_F(TargetSpecTest, NothingButDisabledNodes) {
  const absl::Status status = ErrorOf({.roles = {"uan"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(status),
            "no targets: u1 (1) disabled in HSM; --include-disabled takes them all the same");
}

}  // namespace
}  // namespace muster
