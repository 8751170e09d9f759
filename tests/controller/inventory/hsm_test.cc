// What HSM says of nodes, beside the inventory file and what agents say of themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "controller/inventory/node_registry.h"
#include "registry_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

InventoryNode Compute(const std::string& xname, uint64_t nid) {
  InventoryNode node{xname, {}, "Compute"};
  node.nid = nid;
  node.state = "Ready";
  return node;
}

// The xname that `name` means; the error if none.
std::string Means(const NodeRegistry& registry, const std::string& name) {
  const absl::StatusOr<Resolved> resolved = registry.Resolve({.node_sets = {name}});
  if (!resolved.ok()) return Message(resolved.status());
  EXPECT_THAT(resolved->xnames, SizeIs(1));
  return resolved->xnames[0];
}

TEST(Hsm, ItsNodesAreKnownAndTold) {
  NodeRegistry registry({});
  EXPECT_EQ(registry.hsm_time(), std::nullopt);
  InventoryNode worker{"X3000c0s7b0n0", {"NCN-w001"}, "Management"};
  worker.sub_role = "Worker";
  worker.nid = 100004;
  worker.state = "Standby";
  worker.is_enabled = false;
  worker.is_locked = true;
  worker.groups = {"blue", "green"};
  worker.partition = "p1";
  registry.SetHsm({worker, Compute("x1000c0s0b0n0", 1)}, kNoon);

  EXPECT_EQ(registry.hsm_time(), kNoon);
  EXPECT_THAT(registry.All(), ElementsAre("x1000c0s0b0n0", "x3000c0s7b0n0"));
  const absl::StatusOr<NodeInfo> node = registry.Find("ncn-w001-nmn");
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->xname, "x3000c0s7b0n0");
  EXPECT_THAT(node->aliases, ElementsAre("ncn-w001"));
  EXPECT_EQ(node->role, "Management");
  EXPECT_EQ(node->sub_role, "Worker");
  EXPECT_EQ(node->nid, 100004u);
  EXPECT_EQ(node->state, "Standby");
  EXPECT_FALSE(node->is_enabled);
  EXPECT_TRUE(node->is_locked);
  EXPECT_THAT(node->groups, ElementsAre("blue", "green"));
  EXPECT_EQ(node->partition, "p1");
  EXPECT_TRUE(node->in_hsm);
  EXPECT_FALSE(node->in_inventory);
  EXPECT_EQ(node->presence, Presence::kNeverSeen);
  EXPECT_THAT(registry.List({"x3000c0s7b0n0", "x9"}), SizeIs(1));
}

TEST(Hsm, ANewPictureTakesThePlaceOfTheOld) {
  NodeRegistry registry({{"x3", {}, "Compute"}});
  registry.OnAttached(HelloOf("x2"), "", kNoon);
  registry.SetHsm({Compute("x1", 1), Compute("x2", 2), Compute("x3", 3)}, kNoon);
  registry.SetHsm({Compute("x4", 4)}, kNoon + 1s);
  EXPECT_EQ(registry.hsm_time(), kNoon + 1s);
  // x1 is gone; x2 attached, x3 is in the file, and neither keeps what HSM said.
  EXPECT_THAT(registry.All(), ElementsAre("x2", "x3", "x4"));
  EXPECT_EQ(registry.Find("x1").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(registry.Find("nid000002").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(registry.Find("x2")->in_hsm);
  EXPECT_EQ(registry.Find("x2")->role, "");
  EXPECT_EQ(registry.Find("x2")->nid, std::nullopt);
  EXPECT_EQ(registry.Find("x2")->presence, Presence::kAttached);
  EXPECT_EQ(registry.Find("x3")->role, "Compute");
  EXPECT_FALSE(registry.Find("x3")->in_hsm);
  registry.SetHsm({}, kNoon + 2s);
  EXPECT_THAT(registry.All(), ElementsAre("x2", "x3"));
}

TEST(Hsm, TheFileWinsWhereItSaysSomething) {
  NodeRegistry registry({{"x1", {"login1"}, "Application"}, {"x2", {}, ""}, {"x3", {"uan01"}, ""}});
  InventoryNode first{"x1", {"uan01"}, "Compute"};
  first.sub_role = "UAN";
  InventoryNode second{"x2", {"uan02"}, "Application"};
  registry.SetHsm({first, second, Compute("x3", 3)}, kNoon);

  EXPECT_EQ(registry.Find("x1")->role, "Application");
  EXPECT_EQ(registry.Find("x1")->sub_role, "UAN");
  EXPECT_THAT(registry.Find("x1")->aliases, ElementsAre("login1"));
  EXPECT_EQ(Means(registry, "login1-nmn"), "x1");
  EXPECT_EQ(Means(registry, "uan02"), "x2");
  EXPECT_EQ(registry.Find("x2")->role, "Application");
  // HSM's alias of x1 is not used, so it does not compete with the file's of x3.
  EXPECT_EQ(Means(registry, "uan01"), "x3");
  EXPECT_EQ(registry.Find("x3")->role, "Compute");
  EXPECT_THAT(registry.Find("x3")->aliases, ElementsAre("uan01"));
}

// SIGHUP, after somebody has edited it.
TEST(Hsm, TheFileMayBeAnotherOne) {
  NodeRegistry registry({{"x1", {"login1"}, "Application"}, {"x2", {}, "Compute"}});
  registry.SetHsm({{"x1", {"uan01"}, "Compute"}, Compute("x3", 3)}, kNoon);
  Hello hello = HelloOf("x2");
  hello.aliases = {"told2"};
  registry.OnAttached(hello, "", kNoon);
  EXPECT_EQ(registry.expected_count(), 2u);
  registry.TakeNews();

  registry.SetFile({{"x2", {"named2"}, "Storage"}, {"x5", {"login1"}, ""}});
  EXPECT_TRUE(registry.TakeNews().is_of_all);
  EXPECT_THAT(registry.All(), ElementsAre("x1", "x2", "x3", "x5"));
  EXPECT_EQ(Means(registry, "login1"), "x5");
  EXPECT_EQ(Means(registry, "uan01"), "x1") << "HSM's alias counts where the file has none";
  EXPECT_EQ(registry.Find("x1")->role, "Compute");
  EXPECT_EQ(registry.Find("x2")->role, "Storage");
  EXPECT_EQ(registry.Find("x2")->presence, Presence::kAttached) << "its session goes on";
  EXPECT_EQ(Means(registry, "named2"), "x2");
  EXPECT_FALSE(registry.Find("told2").ok()) << "the file's aliases go before those of a Hello";

  registry.SetFile({});
  EXPECT_THAT(registry.All(), ElementsAre("x1", "x2", "x3"));
  EXPECT_EQ(Means(registry, "told2"), "x2") << "and without them those of the Hello count again";
  EXPECT_FALSE(registry.Find("named2").ok());
  EXPECT_EQ(registry.expected_count(), 2u);
}

TEST(Hsm, ANameOfTheFileMeansTheFilesNode) {
  NodeRegistry registry({{"x1", {"uan01"}, ""}});
  registry.SetHsm({{"x2", {"uan01-nmn"}, "Application"}}, kNoon);
  EXPECT_EQ(Means(registry, "uan01"), "x1");
  EXPECT_EQ(Means(registry, "uan01-nmn"), "x1");
}

TEST(Hsm, ItsAliasesWinOverThoseOfHello) {
  NodeRegistry registry({});
  registry.OnAttached(HelloOf("x1", {"mine"}), "", kNoon);
  registry.OnAttached(HelloOf("x6", {"uan01", "other"}), "", kNoon);
  EXPECT_EQ(Means(registry, "mine"), "x1");
  registry.SetHsm({{"x1", {"uan01"}, "Application"}}, kNoon);
  EXPECT_EQ(Means(registry, "uan01"), "x1");
  EXPECT_THAT(Means(registry, "mine"), HasSubstr("not known"));
  EXPECT_TRUE(registry.Find("x1")->aliases_from_inventory);
  EXPECT_EQ(Means(registry, "other"), "x6");
  // Without HSM the Hello counts again.
  registry.SetHsm({}, kNoon);
  EXPECT_EQ(Means(registry, "mine"), "x1");
  EXPECT_EQ(Means(registry, "uan01"), "x6");
  EXPECT_FALSE(registry.Find("x1")->aliases_from_inventory);
}

TEST(Hsm, AComputeNodeWithoutAliasesHasItsNids) {
  InventoryNode uan{"x5", {}, "Application"};
  uan.nid = 49169216;
  InventoryNode named = Compute("x6", 6);
  named.aliases = {"gpu6"};
  NodeRegistry registry({{"x4", {}, "Compute"}});
  InventoryNode fourth = Compute("x4", 4);
  fourth.role = "Application";
  registry.SetHsm({Compute("x1", 1), Compute("x2", 1234567), Compute("x3", 0), fourth, uan, named},
                  kNoon);
  EXPECT_EQ(Means(registry, "nid000001"), "x1");
  EXPECT_EQ(Means(registry, "nid000001-nmn"), "x1");
  EXPECT_EQ(Means(registry, "NID1234567"), "x2");
  EXPECT_THAT(registry.Find("x1")->aliases, ElementsAre("nid000001"));
  EXPECT_THAT(registry.Find("x3")->aliases, IsEmpty());
  EXPECT_EQ(Means(registry, "nid000004"), "x4");  // the file says that it is a compute node
  EXPECT_THAT(registry.Find("x5")->aliases, IsEmpty());
  EXPECT_THAT(registry.Find("x6")->aliases, ElementsAre("gpu6"));
}

TEST(Hsm, OneNidOfTwoNodesIsAnErrorThatNamesBoth) {
  NodeRegistry registry({});
  registry.SetHsm({Compute("x1", 7), Compute("x2", 7)}, kNoon);
  EXPECT_EQ(Means(registry, "nid000007"),
            "'nid000007' is a name of x[1-2]: use the xname of the one you mean");
}

TEST(Hsm, WhatIsNoNameIsLeftOut) {
  NodeRegistry registry({});
  registry.SetHsm({{"x1", {"a b", "uan01"}, ""}, {"", {}, ""}, {"x 2", {}, ""}, {"x1", {"b"}, ""}},
                  kNoon);
  EXPECT_THAT(registry.All(), ElementsAre("x1"));
  EXPECT_THAT(registry.Find("x1")->aliases, ElementsAre("uan01"));
}

// A refresh while operators ask and agents attach: nothing is torn, and nobody waits for it.
TEST(Hsm, IsRefreshedWhileOthersAsk) {
  std::vector<InventoryNode> even;
  std::vector<InventoryNode> odd;
  for (uint64_t i = 0; i < 2000; ++i) {
    even.push_back(Compute(fmt::format("x{}", i), i + 1));
    odd.push_back(even.back());
    odd.back().is_enabled = false;
  }
  NodeRegistry registry({});
  registry.SetHsm(even, kNoon);
  std::thread refresher([&] {
    for (int i = 0; i < 20; ++i) registry.SetHsm(i % 2 == 0 ? odd : even, kNoon);
  });
  for (int i = 0; i < 20; ++i) {
    const absl::StatusOr<Resolved> resolved = registry.Resolve({.all = true});
    // All enabled or all disabled: one picture for the whole of a request.
    if (resolved.ok()) {
      EXPECT_THAT(resolved->xnames, SizeIs(2000));
      EXPECT_THAT(resolved->disabled, IsEmpty());
    } else {
      EXPECT_THAT(Message(resolved.status()), HasSubstr("(2000) disabled in HSM"));
    }
    registry.OnAttached(HelloOf("x5"), "", kNoon);
    EXPECT_TRUE(registry.Find("nid000006").ok());
  }
  refresher.join();
}

TEST(ExpectedCount, IsOfWhoeverMayAttach) {
  NodeRegistry registry({{"x1"}, {"x2"}});
  EXPECT_EQ(registry.expected_count(), 2u);
  registry.AddSeen("x2", {});
  registry.AddSeen("x9", {});
  EXPECT_EQ(registry.expected_count(), 3u);
  registry.SetHsm({Compute("x1", 1), Compute("x2", 2), Compute("x3", 3), Compute("x4", 4)}, kNoon);
  EXPECT_EQ(registry.expected_count(), 4u);
}

}  // namespace
}  // namespace muster
