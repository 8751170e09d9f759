#include "agent/swarm/memory_ledger.h"

#include <gtest/gtest.h>

namespace muster::swarm {
namespace {

Outcome Ended(const std::string& detail) {
  Outcome outcome;
  outcome.state = OutcomeState::kSucceeded;
  outcome.detail = detail;
  return outcome;
}

TEST(MemoryLedgerTest, AnOutcomeIsATombstoneOnceItIsSettled) {
  MemoryLedger ledger("i");
  EXPECT_EQ(ledger.incarnation(), "i");
  ASSERT_TRUE(ledger.WriteOutcome({"t", 1}, Ended("a")).ok());
  EXPECT_FALSE(ledger.Tombstone({"t", 1}).has_value());
  ASSERT_TRUE(ledger.Settle({"t", 1}).ok());
  EXPECT_EQ(ledger.Tombstone({"t", 1}), Ended("a"));
  EXPECT_TRUE(ledger.Settle({"unknown", 1}).ok());
}

TEST(MemoryLedgerTest, TheOldestTombstonesGo) {
  MemoryLedger ledger("i");
  for (uint32_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(ledger.WriteOutcome({"t", i}, Ended("a")).ok());
    ASSERT_TRUE(ledger.Settle({"t", i}).ok());
  }
  EXPECT_FALSE(ledger.Tombstone({"t", 1}).has_value());
  EXPECT_TRUE(ledger.Tombstone({"t", 2}).has_value());
  EXPECT_TRUE(ledger.Tombstone({"t", 5}).has_value());
}

TEST(MemoryLedgerTest, KeepsTheEpoch) {
  MemoryLedger ledger("i");
  EXPECT_FALSE(ledger.epoch().has_value());
  ASSERT_TRUE(ledger.WriteEpoch({"store", 7}).ok());
  EXPECT_EQ(ledger.epoch(), (Epoch{"store", 7}));
}

}  // namespace
}  // namespace muster::swarm
