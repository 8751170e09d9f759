// What a ledger has read, and so may have been acted upon, is there after any crash and any loss of power since. On the simulation's disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/ledger/directory_ledger.h"
#include "tests/sim/world/memory_disk.h"

namespace muster {
namespace {

using testing::SizeIs;

constexpr char kPath[] = "/var/lib/muster-agent";

// A disk whose user dies before its nth step.
struct Disk {
  explicit Disk(uint64_t seed)
      : memory(sim::Random(seed),
               [this] { return steps_to_live == 0 ? false : steps_to_live-- > 0; }) {}

  std::unique_ptr<DirectoryLedger> Open() {
    auto ledger = DirectoryLedger::Open(kPath, memory);
    return ledger.ok() ? *std::move(ledger) : nullptr;
  }

  uint64_t steps_to_live = 1'000'000;
  sim::MemoryDisk memory;
};

// Found by the simulation: an agent died before it had synced the name of its intent; the next one found the intent and acted upon it,
// and then the power failed.
TEST(PowerCut, WhatWasReadStaysRead) {
  Intent intent;
  intent.key = {"jobs/j/tasks/n", 1};
  intent.unit = "cray-orca.service";
  intent.boot_id = "boot-1";
  for (uint64_t steps = 0; steps < 20; ++steps) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      Disk disk(seed);
      auto ledger = disk.Open();
      ASSERT_NE(ledger, nullptr);
      disk.steps_to_live = steps;
      (void)ledger->WriteIntent(intent);

      disk.steps_to_live = 1'000'000;
      ledger.reset();
      ledger = disk.Open();
      ASSERT_NE(ledger, nullptr);
      const std::vector<LedgerEntry> read = ledger->Load();
      disk.memory.CutPower();
      ledger.reset();
      ledger = disk.Open();
      ASSERT_NE(ledger, nullptr);
      EXPECT_EQ(ledger->Load(), read) << "died before step " << steps << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace muster
