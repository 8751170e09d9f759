// A ledger that ends with its process: thousands of directories on one disk would measure that disk. Loop thread only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/ledger/ledger_store.h"

namespace muster::swarm {

class MemoryLedger final : public LedgerStore {
 public:
  explicit MemoryLedger(std::string incarnation) : incarnation_(std::move(incarnation)) {}

  const std::string& incarnation() const override { return incarnation_; }
  std::vector<LedgerEntry> Load() override { return {}; }
  absl::Status WriteIntent(const Intent&) override { return absl::OkStatus(); }
  absl::Status WriteOutcome(const AttemptKey& key, const Outcome& outcome) override;
  absl::Status Settle(const AttemptKey& key) override;
  std::optional<Outcome> Tombstone(const AttemptKey& key) const override;
  std::optional<Epoch> epoch() const override { return epoch_; }
  absl::Status WriteEpoch(const Epoch& epoch) override;

 private:
  // Nobody reads entries of a ledger that cannot outlive its process, but for their outcomes once they are settled. Of those the newest
  // few are kept: enough for a command that is sent again, and a swarm holds thousands of ledgers.
  static constexpr size_t kMaxTombstones = 4;

  const std::string incarnation_;
  std::map<AttemptKey, Outcome> outcomes_;
  std::vector<std::pair<AttemptKey, Outcome>> settled_;  // oldest first
  std::optional<Epoch> epoch_;
};

}  // namespace muster::swarm
