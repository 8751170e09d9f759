#include "agent/swarm/memory_ledger.h"

namespace muster::swarm {

absl::Status MemoryLedger::WriteOutcome(const AttemptKey& key, const Outcome& outcome) {
  outcomes_[key] = outcome;
  return absl::OkStatus();
}

absl::Status MemoryLedger::Settle(const AttemptKey& key) {
  auto found = outcomes_.extract(key);
  if (found.empty()) return absl::OkStatus();
  if (settled_.size() == kMaxTombstones) settled_.erase(settled_.begin());
  settled_.emplace_back(key, std::move(found.mapped()));
  return absl::OkStatus();
}

std::optional<Outcome> MemoryLedger::Tombstone(const AttemptKey& key) const {
  for (const auto& [known, outcome] : settled_) {
    if (known == key) return outcome;
  }
  return std::nullopt;
}

absl::Status MemoryLedger::WriteEpoch(const Epoch& epoch) {
  epoch_ = epoch;
  return absl::OkStatus();
}

}  // namespace muster::swarm
