// The agent's synced record of attempts. What is written here is on disk (or on tmpfs, if that is where the directory is) when
// the call returns. One thread: the loop's. Errors are RESOURCE_EXHAUSTED, PERMISSION_DENIED or UNAVAILABLE with the path; after
// one nothing of that call is in force.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/messages.h"
#include "common/status.h"

namespace muster {

// What an attempt is about to do and what it saw: written before the act.
struct Intent {
  AttemptKey key;
  std::string unit;
  std::string boot_id;
  std::string invocation_before;  // empty if the unit had never been started
  Duration settle{};
  // On the CLOCK_BOOTTIME of `boot_id`.
  uint64_t deadline_boottime_ns = 0;
  // Of an attempt on content: what it does, with its record. The fields of a unit are empty then.
  std::optional<Work> content = std::nullopt;
  bool operator==(const Intent&) const = default;
};

struct LedgerEntry {
  Intent intent;
  std::optional<Outcome> outcome;
  bool operator==(const LedgerEntry&) const = default;
};

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // Random name of this directory's life, 32 hex digits.
  virtual const std::string& incarnation() const = 0;
  // Entries that are not settled, in the order of their keys, as they were when the ledger was opened.
  virtual std::vector<LedgerEntry> Load() = 0;

  virtual absl::Status WriteIntent(const Intent& intent) = 0;
  virtual absl::Status WriteOutcome(const AttemptKey& key, const Outcome& outcome) = 0;
  // Turns the entry into a tombstone; the oldest beyond limits::kMaxTombstones go. An unknown key is no error.
  virtual absl::Status Settle(const AttemptKey& key) = 0;
  // The outcome of a settled attempt, if it is still remembered.
  virtual std::optional<Outcome> Tombstone(const AttemptKey& key) const = 0;

  // The highest epoch this ledger has seen, and writing a new one.
  virtual std::optional<Epoch> epoch() const = 0;
  virtual absl::Status WriteEpoch(const Epoch& epoch) = 0;
};

}  // namespace muster
