// The ledger as a directory, one small JSON file for each attempt:
//
//   lock                  held by the agent that uses the directory; its process id
//   incarnation           random name of this directory's life
//   epoch                 the highest epoch seen
//   attempts/TASK@N       held: intent, then intent and outcome
//   settled/TASK@N        tombstones, at most limits::kMaxTombstones
//   corrupt/TASK@N        what could not be read, for people
//
// Made by main, owned by the runner, loop thread only. If the directory is removed under a running agent, writes fail from then on
// and nothing is acted upon; a restarted agent begins a new incarnation.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/ledger/file_system.h"
#include "agent/ledger/ledger_store.h"
#include "agent/ledger/synced_directory.h"

namespace muster {

class DirectoryLedger final : public LedgerStore {
 public:
  // FAILED_PRECONDITION if another process has it, naming that process, or if other users could write in it: what is in an intent
  // is acted upon after a restart, as root. Else the errors of LedgerStore.
  static absl::StatusOr<std::unique_ptr<DirectoryLedger>> Open(const std::string& path);
  // On another file system than the machine's. Lent for the call.
  static absl::StatusOr<std::unique_ptr<DirectoryLedger>> Open(const std::string& path,
                                                               FileSystem& files);

  const std::string& incarnation() const override { return incarnation_; }
  std::vector<LedgerEntry> Load() override;
  // Also INVALID_ARGUMENT for a key that cannot be a file name, and RESOURCE_EXHAUSTED beyond limits::kMaxHeldAttempts.
  absl::Status WriteIntent(const Intent& intent) override;
  // An attempt without an intent may end, too: what was refused.
  absl::Status WriteOutcome(const AttemptKey& key, const Outcome& outcome) override;
  absl::Status Settle(const AttemptKey& key) override;
  std::optional<Outcome> Tombstone(const AttemptKey& key) const override;
  std::optional<Epoch> epoch() const override { return epoch_; }
  absl::Status WriteEpoch(const Epoch& epoch) override;

 private:
  struct Directories {
    SyncedDirectory top;
    SyncedDirectory attempts;
    SyncedDirectory settled;
    SyncedDirectory corrupt;
  };
  explicit DirectoryLedger(Directories directories) : directories_(std::move(directories)) {}
  absl::Status ReadAll(FileSystem& files);
  absl::Status ReadIncarnation(FileSystem& files);
  absl::Status ReadAttempts();
  absl::Status ReadTombstones();
  void ReadEpoch();
  LedgerEntry ReadAttempt(const std::string& name, const AttemptKey& key);
  void PutAside(const std::string& name) const;
  absl::Status WriteEntry(const LedgerEntry& entry);
  absl::Status RemoveOldTombstones();

  Directories directories_;
  std::string incarnation_;
  std::optional<Epoch> epoch_;
  std::map<AttemptKey, LedgerEntry> entries_;
  std::set<AttemptKey> unmoved_;        // of them, those that are settled and could not be moved
  std::deque<std::string> tombstones_;  // file names, oldest first
};

}  // namespace muster
