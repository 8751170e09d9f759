// Operators in targets work on nodes, by whatever names they are called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/inventory/node_registry.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Names = std::vector<std::string>;

// x1 to x4 are also nid000001 to nid000004; "twin" is claimed by two.
class Operators : public testing::Test {
 protected:
  Names XnamesOf(const TargetSpec& targets) {
    absl::StatusOr<Resolved> resolved = registry_.Resolve(targets);
    EXPECT_TRUE(resolved.ok()) << resolved.status();
    return resolved.ok() ? resolved->xnames : Names();
  }
  absl::Status ErrorOf(const TargetSpec& targets) { return registry_.Resolve(targets).status(); }

  NodeRegistry registry_{{{"x1", {"nid000001", "twin"}, "compute"},
                          {"x2", {"nid000002", "twin"}, "compute"},
                          {"x3", {"nid000003"}, "compute"},
                          {"x4", {"nid000004"}, "compute"}}};
};

TEST_F(Operators, ANodeIsTakenAwayByAnyOfItsNames) {
  EXPECT_THAT(XnamesOf({.node_sets = {"nid[000001-000004]!x2"}}), ElementsAre("x1", "x3", "x4"));
  EXPECT_THAT(XnamesOf({.node_sets = {"x[1-4]!(nid000002,X3)"}}), ElementsAre("x1", "x4"));
  EXPECT_THAT(XnamesOf({.node_sets = {"x[1-3]&nid[000002-000004]"}}), ElementsAre("x2", "x3"));
  EXPECT_THAT(XnamesOf({.node_sets = {"x[1-2]^nid[000002-000003]"}}), ElementsAre("x1", "x3"));
  EXPECT_THAT(XnamesOf({.node_sets = {"x[1-2]!x1", "nid000004"}}), ElementsAre("x2", "x4"));
  EXPECT_THAT(XnamesOf({.node_sets = {"x[1-4]"}, .exclude = {"x[1-4]!nid[000001-000002]"}}),
              ElementsAre("x1", "x2"));
}

TEST_F(Operators, ANameThatNobodyKnowsMayDropOutByAnIntersection) {
  EXPECT_THAT(XnamesOf({.node_sets = {"x[1-100]&nid[000001-000002]"}}), ElementsAre("x1", "x2"));
  EXPECT_THAT(Message(ErrorOf({.node_sets = {"x[1-5]!x1"}})), HasSubstr("not known: x5"));
}

TEST_F(Operators, ANameThatNobodyKnowsIsNotTakenAwaySilently) {
  EXPECT_EQ(ErrorOf({.node_sets = {"x[1-4]!nid00002"}}).code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(ErrorOf({.node_sets = {"x[1-4]!nid00002"}})),
              HasSubstr("not known: nid00002"));
  EXPECT_THAT(Message(ErrorOf({.node_sets = {"x[1-4]!(x9,x8)"}})),
              HasSubstr("not known: x[8-9] (2 names)"));
}

TEST_F(Operators, NothingLeftIsAnError) {
  const absl::Status status = ErrorOf({.node_sets = {"x1!nid000001"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(status), "no targets: no node is left of the node sets by their operators");
}

TEST_F(Operators, WhatCannotBeLookedUpHereIsAnError) {
  EXPECT_THAT(Message(ErrorOf({.node_sets = {"@compute!x1"}})),
              HasSubstr("@compute is a group, and groups are not known here"));
  EXPECT_THAT(Message(ErrorOf({.node_sets = {"x[1-4]!twin"}})), HasSubstr("'twin' is a name of"));
  EXPECT_THAT(Message(ErrorOf({.node_sets = {"x[1-4]!"}})), HasSubstr("'!' has no set after it"));
}

}  // namespace
}  // namespace muster
