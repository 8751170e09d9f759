#include "controller/inventory/node_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<InventoryNode> Inventory() {
  return {{"x1000c0s0b0n0", {"nid000001", "nid000001-hsn0"}, "Compute"},
          {"X1000C0S0B0N1", {"nid000002-nmn"}, "Compute"},
          {"x3000c0s1b0n0", {"ncn-w001"}, "Management"},
          {"x1000c0s1b0n0", {}, ""}};
}

absl::StatusOr<Resolved> ResolveSet(const NodeRegistry& registry, const std::string& set) {
  return registry.Resolve({.node_sets = {set}});
}

std::vector<std::string> XnamesOf(const NodeRegistry& registry, const TargetSpec& targets) {
  const absl::StatusOr<Resolved> resolved = registry.Resolve(targets);
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  return resolved.ok() ? resolved->xnames : std::vector<std::string>();
}

TEST(NodeRegistry, AnyNameOfANodeMeansItsXname) {
  const NodeRegistry registry(Inventory());
  for (const char* name : {"x1000c0s0b0n0", "X1000c0s0B0n0", "nid000001", "nid000001-nmn",
                           "NID000001", "nid000001-hsn0"}) {
    EXPECT_THAT(XnamesOf(registry, {.node_sets = {name}}), ElementsAre("x1000c0s0b0n0")) << name;
  }
  EXPECT_THAT(XnamesOf(registry, {.node_sets = {"nid[000001-000002]"}}),
              ElementsAre("x1000c0s0b0n0", "x1000c0s0b0n1"));
  EXPECT_THAT(XnamesOf(registry, {.node_sets = {"ncn-w001-nmn"}}), ElementsAre("x3000c0s1b0n0"));
}

TEST(NodeRegistry, TargetsAddUpAndExcludesAreTakenAway) {
  const NodeRegistry registry(Inventory());
  EXPECT_THAT(XnamesOf(registry, {.all = true}),
              ElementsAre("x1000c0s0b0n0", "x1000c0s0b0n1", "x1000c0s1b0n0", "x3000c0s1b0n0"));
  EXPECT_THAT(XnamesOf(registry, {.node_sets = {"ncn-w001", "nid000001"},
                                  .roles = {"COMPUTE"},
                                  .exclude = {"nid000001"}}),
              ElementsAre("x1000c0s0b0n1", "x3000c0s1b0n0"));
}

TEST(NodeRegistry, NamesThatNobodyKnowsAreFoldedIntoTheError) {
  const NodeRegistry registry(Inventory());
  const absl::Status status = ResolveSet(registry, "nid[000001-000022]").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(
      Message(status),
      "not known: nid[000003-000022] (20 names): list the nodes there are with 'muster node list'");
  EXPECT_EQ(ResolveSet(registry, "x9c0s0b0n0").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(registry.Resolve({.all = true, .exclude = {"nid000009"}}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(NodeRegistry, AnErrorFitsATrailerHoweverManyNamesItIsAbout) {
  const NodeRegistry registry(Inventory());
  const absl::Status status = ResolveSet(registry, "a[0-999999/2]").status();
  EXPECT_LE(Message(status).size(), 2000u);
  EXPECT_THAT(Message(status), HasSubstr("a0,a2,"));
  EXPECT_THAT(Message(status), HasSubstr("(500000 names)"));
}

TEST(NodeRegistry, NothingNamedAndNothingLeftAreErrors) {
  const NodeRegistry registry(Inventory());
  EXPECT_EQ(registry.Resolve({}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(registry.Resolve({.exclude = {"nid000001"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  const absl::Status none =
      registry.Resolve({.node_sets = {"nid000001"}, .exclude = {"x1000c0s0b0n0"}}).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(none), HasSubstr("every node is excluded"));
  EXPECT_EQ(NodeRegistry({}).Resolve({.all = true}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ResolveSet(registry, "nid[1").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NodeRegistry, AnUnknownRoleNamesThoseThereAre) {
  const NodeRegistry registry(Inventory());
  const absl::Status status = registry.Resolve({.roles = {"Storage"}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(status), "no node has role 'Storage': there are Compute, Management");
}

TEST(NodeRegistry, AnAliasOfTwoNodesIsAnErrorThatNamesBoth) {
  NodeRegistry registry({});
  registry.OnAttached(HelloOf("x1", {"uan01"}), "", kNoon);
  registry.OnAttached(HelloOf("x2", {"uan01"}), "", kNoon);
  const absl::Status status = ResolveSet(registry, "uan01-nmn").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("x[1-2]"));

  // When one of them takes another name, the other has this one alone.
  registry.OnAttached(HelloOf("x2", {"uan02"}), "", kNoon);
  EXPECT_THAT(XnamesOf(registry, {.node_sets = {"uan01"}}), ElementsAre("x1"));
}

TEST(NodeRegistry, AliasesFromHelloCountOnlyWhereTheInventoryHasNone) {
  NodeRegistry registry(Inventory());
  registry.OnAttached(HelloOf("x1000c0s0b0n0", {"mine"}), "", kNoon);
  EXPECT_FALSE(ResolveSet(registry, "mine").ok());
  registry.OnAttached(HelloOf("x1000c0s1b0n0", {"nid000003"}), "", kNoon);
  EXPECT_THAT(XnamesOf(registry, {.node_sets = {"nid000003-nmn"}}), ElementsAre("x1000c0s1b0n0"));
}

TEST(NodeRegistry, NoHelloTakesANameFromTheInventory) {
  NodeRegistry registry(Inventory());
  registry.OnAttached(HelloOf("x6666", {"nid000001", "nid000001-nmn", "x3000c0s1b0n0"}), "", kNoon);
  EXPECT_THAT(XnamesOf(registry, {.node_sets = {"nid000001-nmn,x3000c0s1b0n0"}}),
              ElementsAre("x1000c0s0b0n0", "x3000c0s1b0n0"));
}

TEST(NodeRegistry, HelloAliasesAreCheckedAndLimited) {
  NodeRegistry registry({});
  std::vector<std::string> aliases = {"bad name", "", "UAN01"};
  for (int i = 0; i < 100; ++i) aliases.push_back(fmt::format("a{}", i));
  registry.OnAttached(HelloOf("x1", aliases), "", kNoon);
  const absl::StatusOr<NodeInfo> node = registry.Find("uan01");
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_THAT(node->aliases, SizeIs(kMaxHelloAliases));
}

TEST(NodeRegistry, AllAgesAreOfTheTimeOfTheNewestNews) {
  NodeRegistry registry({});
  Hello hello = HelloOf("x1");
  hello.boot_id = "boot-1";
  hello.status.node = "x1";
  hello.status.boot_age = 1h;
  hello.status.units.resize(2);
  hello.status.units[0].unit = "a.service";
  hello.status.units[1].unit = "b.service";
  hello.status.units[1].active_age = 10s;
  hello.status.mounted = {{"/s", "/t", "dvs"}};
  registry.OnAttached(hello, "", kNoon);
  UnitState a = hello.status.units[0];
  a.active_age = 1s;
  registry.OnUnit("x1", a, kNoon + 1min);
  UnitState unknown = a;
  unknown.unit = "c.service";
  registry.OnUnit("x1", unknown, kNoon + 2min);
  const absl::StatusOr<NodeInfo> node = registry.Find("x1");
  EXPECT_EQ(node->status_time, kNoon + 2min);
  EXPECT_EQ(node->hello.status.boot_age, 1h + 2min);
  ASSERT_THAT(node->hello.status.units, SizeIs(2));
  EXPECT_EQ(node->hello.status.units[0].active_age, 1s + 1min);
  EXPECT_EQ(node->hello.status.units[1].active_age, 10s + 2min);

  hello.status.mounted.clear();
  registry.OnStatus(hello.status, kNoon + 3min);
  EXPECT_TRUE(registry.Find("x1")->had_content) << "since it has booted";
  registry.OnAttached(hello, "", kNoon + 4min);
  EXPECT_TRUE(registry.Find("x1")->had_content);
  hello.boot_id = "boot-2";
  registry.OnAttached(hello, "", kNoon + 5min);
  EXPECT_FALSE(registry.Find("x1")->had_content);
}

TEST(NodeRegistry, TellsWhoHasChangedAndWakesOnce) {
  NodeRegistry registry(Inventory());
  int wakes = 0;
  registry.OnNews([&wakes] { ++wakes; });
  EXPECT_TRUE(registry.TakeNews().is_of_all) << "whoever begins does not know anybody";
  Hello hello;
  hello.node = "x1";
  hello.status.node = "x1";
  hello.status.units.resize(1);
  hello.status.units[0].unit = "a.service";
  hello.status.units[0].active_state = "active";
  registry.OnAttached(hello, "", kNoon);
  registry.OnAway("x1", kNoon);
  EXPECT_EQ(wakes, 1) << "until it is taken";
  EXPECT_THAT(registry.TakeNews().nodes, ElementsAre("x1"));
  EXPECT_THAT(registry.TakeNews().nodes, IsEmpty());

  UnitState unit = hello.status.units[0];
  unit.invocation_id = "another";
  registry.OnUnit("x1", unit, kNoon);
  EXPECT_EQ(wakes, 1) << "a restart that went well is told by its job";
  EXPECT_EQ(registry.Find("x1")->job_invocation, "another");
  unit.active_state = "failed";
  registry.OnUnit("x1", unit, kNoon);
  EXPECT_EQ(wakes, 2);
  registry.SetHsm({{"x2", {}, "Compute"}}, kNoon);
  EXPECT_EQ(wakes, 2);
  EXPECT_TRUE(registry.TakeNews().is_of_all);
  registry.SetHsm({{"x2", {}, "Compute"}}, kNoon);
  EXPECT_FALSE(registry.TakeNews().is_of_all) << "HSM says the same";
}

TEST(NodeRegistry, FollowsANodesPresence) {
  NodeRegistry registry(Inventory());
  EXPECT_EQ(registry.Find("nid000001")->presence, Presence::kNeverSeen);
  EXPECT_EQ(registry.attached_count(), 0u);

  registry.OnAttached(HelloOf("x1000c0s0b0n0"), "10.252.0.1:4000", kNoon);
  registry.OnAttached(HelloOf("x1000c0s0b0n0"), "10.252.0.1:4001", kNoon + 1s);
  EXPECT_EQ(registry.attached_count(), 1u);
  EXPECT_EQ(registry.Find("nid000001")->presence, Presence::kAttached);
  EXPECT_EQ(registry.Find("nid000001")->presence_since, kNoon + 1s);
  EXPECT_EQ(registry.Find("nid000001")->address, "10.252.0.1:4001");

  registry.OnConflict("x1000c0s0b0n0", true);
  EXPECT_EQ(registry.Find("nid000001")->presence, Presence::kConflict);
  registry.OnConflict("x1000c0s0b0n0", false);
  EXPECT_EQ(registry.Find("nid000001")->presence, Presence::kAttached);
  registry.OnConflict("x1000c0s0b0n0", true);
  registry.OnAway("x1000c0s0b0n0", kNoon + 3s);
  registry.OnAway("unknown", kNoon + 3s);
  EXPECT_EQ(registry.Find("nid000001")->presence, Presence::kAway);
  EXPECT_THAT(registry.All(), SizeIs(4));
}

TEST(NodeRegistry, NodesThatEverAttachedAreKnown) {
  NodeRegistry registry({});
  registry.AddSeen("x2", {"nid000002"});
  registry.OnAttached(HelloOf("x10"), "", kNoon);
  EXPECT_THAT(XnamesOf(registry, {.all = true}), ElementsAre("x2", "x10"));
  EXPECT_EQ(registry.Find("nid000002-nmn")->presence, Presence::kAway);
  EXPECT_FALSE(registry.Find("x2")->in_inventory);
  EXPECT_EQ(registry.Find("x3").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(registry.List({"x10", "x3", "x2"}), SizeIs(2));
}

TEST(NodeRegistry, KeepsNoMoreThanItsLimitOfNodesOutsideTheInventory) {
  NodeRegistry registry(Inventory());
  for (size_t i = 0; i < kMaxSeenNodes; ++i) registry.AddSeen(fmt::format("y{}", i), {});
  registry.AddSeen("z1", {});
  EXPECT_FALSE(registry.Find("z1").ok());
  registry.OnAttached(HelloOf("x1000c0s0b0n0"), "", kNoon);
  EXPECT_EQ(registry.attached_count(), 1u);
}

}  // namespace
}  // namespace muster
