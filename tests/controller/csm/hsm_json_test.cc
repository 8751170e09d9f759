// What HSM and SLS answer, as they were seen to, and as they should not.
#include "controller/csm/hsm_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseComponents, ReadsWhatThereIs) {
  const auto nodes = ParseComponents(R"({"Components":[
      {"ID":"x1000c0s0b0n0","Type":"Node","State":"Ready","Flag":"OK","Enabled":true,
       "Role":"Compute","NID":1000,"NetType":"Sling","Arch":"X86","Class":"Mountain"},
      {"ID":"X3000C0S7B0N0","Type":"Node","State":"Off","Enabled":false,"Role":"Management",
       "SubRole":"Worker","NID":100004,"Locked":true},
      {"ID":"x1000c0s0b0n1","Type":"Node"}]})");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_THAT(
      *nodes,
      ElementsAre(
          InventoryNode{.xname = "x1000c0s0b0n0", .role = "Compute", .nid = 1000, .state = "Ready"},
          InventoryNode{.xname = "x3000c0s7b0n0",
                        .role = "Management",
                        .sub_role = "Worker",
                        .nid = 100004,
                        .state = "Off",
                        .is_enabled = false,
                        .is_locked = true},
          InventoryNode{.xname = "x1000c0s0b0n1"}))
      << "enabled unless it says otherwise";
}

TEST(ParseComponents, NoneAreNone) {
  for (const char* body : {R"({"Components":[]})", R"({"Components":null})"}) {
    const auto nodes = ParseComponents(body);
    ASSERT_TRUE(nodes.ok()) << nodes.status();
    EXPECT_THAT(*nodes, IsEmpty());
  }
}

TEST(ParseComponents, NidsThatAreNoneAreAbsent) {
  const auto nodes =
      ParseComponents(R"({"Components":[{"ID":"x1","NID":0},{"ID":"x2","NID":-1}]})");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  EXPECT_EQ((*nodes)[0].nid, std::nullopt);
  EXPECT_EQ((*nodes)[1].nid, std::nullopt);
}

TEST(ParseComponents, WhatIsNotHsmsIsAnErrorWithItsPlace) {
  const auto error = [](const char* body) { return Message(ParseComponents(body).status()); };
  EXPECT_EQ(error("[]"), "HSM's answer is of type array, not an object");
  EXPECT_EQ(error("{}"), "HSM's answer has no Components");
  EXPECT_EQ(error(R"({"Components":{}})"),
            "HSM's answer, Components is of type object, not an array");
  EXPECT_EQ(error(R"({"Components":[7]})"),
            "HSM's answer, Components[0] is of type number, not an object");
  EXPECT_EQ(error(R"({"Components":[{"ID":"x1"},{"Type":"Node"}]})"),
            "HSM's answer, Components[1].ID '' is no node's name");
  EXPECT_EQ(error(R"({"Components":[{"ID":"x 1"}]})"),
            "HSM's answer, Components[0].ID 'x 1' is no node's name");
  EXPECT_EQ(error(R"({"Components":[{"ID":"x1","NID":"1"}]})"),
            "HSM's answer, Components[0].NID is of type string, not a number");
}

TEST(ParseMemberships, GroupsAndPartitionsByNode) {
  const auto memberships = ParseMemberships(
      R"([{"id":"X1000c0s0b0n0","groupLabels":["blue","red"],"partitionName":"p1"},
          {"id":"x1000c0s0b0n1","groupLabels":[],"partitionName":""},
          {"id":"x1000c0s0b0n2","groupLabels":null}])");
  ASSERT_TRUE(memberships.ok()) << memberships.status();
  ASSERT_EQ(memberships->size(), 3u);
  EXPECT_THAT(memberships->at("x1000c0s0b0n0").groups, ElementsAre("blue", "red"));
  EXPECT_EQ(memberships->at("x1000c0s0b0n0").partition, "p1");
  EXPECT_THAT(memberships->at("x1000c0s0b0n2").groups, IsEmpty());
  EXPECT_TRUE(ParseMemberships("null")->empty());
  EXPECT_FALSE(ParseMemberships("{}").ok());
}

TEST(ParseScnSubscriptions, TellHmnfdsOwn) {
  const auto subscriptions = ParseScnSubscriptions(
      R"({"SubscriptionList":[
          {"ID":1,"Subscriber":"hmnfd@cray-hmnfd-7c","Enabled":true,
           "Url":"http://cray-hmnfd/hmi/v1/SCN"},
          {"ID":2,"Subscriber":"other@x0","Url":"http://other/scn"}]})");
  ASSERT_TRUE(subscriptions.ok()) << subscriptions.status();
  ASSERT_EQ(subscriptions->size(), 2u);
  EXPECT_EQ((*subscriptions)[0].subscriber, "hmnfd@cray-hmnfd-7c");
  EXPECT_TRUE(IsOfHmnfd((*subscriptions)[0]));
  EXPECT_FALSE(IsOfHmnfd((*subscriptions)[1]));
  EXPECT_TRUE(IsOfHmnfd({"", "http://cray-hmnfd/hmi/v2/scn"}));
  EXPECT_TRUE(ParseScnSubscriptions(R"({"SubscriptionList":null})")->empty());
}

TEST(ParseSlsNodes, AliasesByNode) {
  const auto nodes = ParseSlsNodes(
      R"([{"Parent":"x3000c0s7b0","Xname":"x3000c0s7b0n0","Type":"comptype_node","Class":"River",
           "ExtraProperties":{"NID":100004,"Role":"Management","Aliases":["NCN-w001","no name!"]}},
          {"Xname":"x3000c0s8b0n0","ExtraProperties":null},
          {"Xname":"x3000c0s9b0n0"}])");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  ASSERT_EQ(nodes->size(), 1u);
  EXPECT_THAT(nodes->at("x3000c0s7b0n0").aliases, ElementsAre("ncn-w001"))
      << "what is no name is left out";
  EXPECT_EQ(nodes->at("x3000c0s7b0n0").nid, 100004u);
  EXPECT_EQ(Message(ParseSlsNodes(R"([{"Xname":"x1","ExtraProperties":[]}])").status()),
            "SLS's answer[0].ExtraProperties is of type array, not an object");
}

}  // namespace
}  // namespace muster
