#include "controller/engine/spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "common/status.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// `sizes[c]` nodes in cabinet 1000+c, sorted.
std::vector<std::string> Machine(const std::vector<uint32_t>& sizes) {
  std::vector<std::string> nodes;
  for (size_t c = 0; c < sizes.size(); ++c) {
    for (uint32_t i = 0; i < sizes[c]; ++i)
      nodes.push_back(fmt::format("x{}c{}s{}b0n0", 1000 + c, i / 8, i % 8));
  }
  return nodes;
}

std::vector<std::string> First(const std::vector<std::string>& nodes, size_t count) {
  std::vector<std::string> first;
  for (const uint32_t i : SpreadOverCabinets(nodes)) {
    if (first.size() < count) first.push_back(nodes[i]);
  }
  return first;
}

TEST(Spread, ACabinetIsWhatStandsBeforeTheChassis) {
  EXPECT_EQ(CabinetOf("x1000c0s0b0n0"), "x1000");
  EXPECT_EQ(CabinetOf("x3000c0s19b2n0"), "x3000");
  for (const char* none : {"", "x", "x1", "x1000c", "x1000m0", "xc0", "nid000001", "ncn-w001"})
    EXPECT_EQ(CabinetOf(none), "") << none;
}

TEST(Spread, OneOfEachCabinetInTurn) {
  EXPECT_THAT(First(Machine({4, 4, 1}), 3),
              UnorderedElementsAre(testing::StartsWith("x1000c"), testing::StartsWith("x1001c"),
                                   testing::StartsWith("x1002c")));
  EXPECT_THAT(First({"a", "b", "x1c0s0b0n0", "x1c0s0b0n1"}, 2), ElementsAre("a", "x1c0s0b0n1"));
}

TEST(Spread, EvenlyWithinACabinet) {
  EXPECT_THAT(SpreadOverCabinets(Machine({8})), ElementsAre(0, 4, 2, 6, 1, 5, 3, 7));
  // Four of 64 are 16 apart: one in every second chassis.
  EXPECT_THAT(First(Machine({64}), 4), UnorderedElementsAre("x1000c0s0b0n0", "x1000c2s0b0n0",
                                                            "x1000c4s0b0n0", "x1000c6s0b0n0"));
}

TEST(Spread, NotTheSameSlotOfEachCabinet) {
  EXPECT_THAT(First(Machine({64, 64, 64, 64}), 4),
              ElementsAre("x1000c0s0b0n0", "x1001c4s0b0n0", "x1002c2s0b0n0", "x1003c6s0b0n0"));
}

TEST(Spread, OfNoNodesThereIsNone) { EXPECT_TRUE(SpreadOverCabinets({}).empty()); }

std::vector<uint32_t> AnyMachine() {
  return *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange(0u, 70u));
}

RC_GTEST_PROP(SpreadProperty, EveryNodeOnce, ()) {
  const auto nodes = Machine(AnyMachine());
  std::vector<uint32_t> order = SpreadOverCabinets(nodes);
  RC_ASSERT(order.size() == nodes.size());
  std::sort(order.begin(), order.end());
  for (uint32_t i = 0; i < order.size(); ++i) RC_ASSERT(order[i] == i);
}

// Of any first few, no cabinet has more than one more than another that still has nodes left.
RC_GTEST_PROP(SpreadProperty, CabinetsTakeTurns, ()) {
  const auto sizes = AnyMachine();
  const auto nodes = Machine(sizes);
  std::map<std::string_view, uint32_t> taken;
  std::map<std::string, uint32_t> size_of;
  for (size_t c = 0; c < sizes.size(); ++c) {
    if (sizes[c] > 0) size_of[fmt::format("x{}", 1000 + c)] = sizes[c];
  }
  for (const uint32_t i : SpreadOverCabinets(nodes)) {
    const uint32_t most = ++taken[CabinetOf(nodes[i])];
    for (const auto& [cabinet, size] : size_of)
      RC_ASSERT(taken[cabinet] + 1 >= std::min(most, size));
  }
}

// The first k of one cabinet of n nodes leave no gap longer than two of the k-th parts, rounded up.
RC_GTEST_PROP(SpreadProperty, NoLongGaps, ()) {
  const auto size = *rc::gen::inRange(1u, 300u);
  const auto count = *rc::gen::inRange(1u, size + 1);
  std::vector<uint32_t> order = SpreadOverCabinets(Machine({size}));
  order.resize(count);
  std::sort(order.begin(), order.end());
  order.push_back(size);
  for (size_t i = 1; i < order.size(); ++i)
    RC_ASSERT(order[i] - order[i - 1] <= 2 * ((size + count - 1) / count));
}

}  // namespace
}  // namespace muster
