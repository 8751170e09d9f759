// Theory. The name of a file is its key, so that even an entry that cannot be read keeps its attempt from being done a second
// time: it is held as FAILED (INTERRUPTED), for nobody can know what it had begun. It keeps its place at
// every moment: a copy is put aside first, then the entry is replaced in one rename.
//
// Settling is one rename from attempts/ to settled/: a crash finds the attempt in one of them.
#include "agent/ledger/directory_ledger.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/ledger/ledger_entry.h"
#include "agent/ledger/posix_file_system.h"
#include "common/limits.h"
#include "common/log.h"

namespace muster {
namespace {

constexpr char kLockFile[] = "lock";
constexpr char kIncarnationFile[] = "incarnation";
constexpr char kEpochFile[] = "epoch";
constexpr size_t kIncarnationDigits = 32;
// What is kept for people to look at; more of it says nothing new.
constexpr size_t kMaxCorruptFiles = 64;

Outcome Interrupted(const std::string& detail) {
  return {.state = OutcomeState::kFailed,
          .reason = Reason::kInterrupted,
          .detail = detail,
          .evidence = {}};
}

absl::StatusOr<std::string> MakeIncarnation(FileSystem& files) {
  std::array<unsigned char, kIncarnationDigits / 2> bytes{};
  MUSTER_RETURN_IF_ERROR(files.FillRandom(bytes.data(), bytes.size()));
  std::string name;
  for (const unsigned char byte : bytes) name += fmt::format("{:02x}", byte);
  return name;
}

bool IsIncarnation(const std::string& name) {
  return name.size() == kIncarnationDigits && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLedger>> DirectoryLedger::Open(const std::string& path) {
  PosixFileSystem files;
  return Open(path, files);
}

absl::StatusOr<std::unique_ptr<DirectoryLedger>> DirectoryLedger::Open(const std::string& path,
                                                                       FileSystem& files) {
  auto top = SyncedDirectory::Open(files, path);
  MUSTER_RETURN_IF_ERROR(top.status());
  MUSTER_RETURN_IF_ERROR(top->CheckOwner());
  // Before anything else is looked at: what another agent is writing now is none of ours.
  MUSTER_RETURN_IF_ERROR(top->Lock(kLockFile));
  auto attempts = SyncedDirectory::Open(files, path + "/attempts");
  MUSTER_RETURN_IF_ERROR(attempts.status());
  auto settled = SyncedDirectory::Open(files, path + "/settled");
  MUSTER_RETURN_IF_ERROR(settled.status());
  auto corrupt = SyncedDirectory::Open(files, path + "/corrupt");
  MUSTER_RETURN_IF_ERROR(corrupt.status());
  std::unique_ptr<DirectoryLedger> ledger(new DirectoryLedger(
      {*std::move(top), *std::move(attempts), *std::move(settled), *std::move(corrupt)}));
  MUSTER_RETURN_IF_ERROR(ledger->ReadAll(files));
  return ledger;
}

absl::Status DirectoryLedger::ReadAll(FileSystem& files) {
  MUSTER_RETURN_IF_ERROR(directories_.top.Recover());
  MUSTER_RETURN_IF_ERROR(directories_.attempts.Recover());
  MUSTER_RETURN_IF_ERROR(directories_.settled.Recover());
  MUSTER_RETURN_IF_ERROR(ReadIncarnation(files));
  ReadEpoch();
  MUSTER_RETURN_IF_ERROR(ReadAttempts());
  return ReadTombstones();
}

// A name that cannot be read is as good as none: with a new one, commands for the old life are not acted upon.
absl::Status DirectoryLedger::ReadIncarnation(FileSystem& files) {
  auto name = directories_.top.Read(kIncarnationFile, kIncarnationDigits + 1);
  if (name.ok() && name->ends_with('\n')) name->pop_back();
  if (name.ok() && IsIncarnation(*name)) {
    incarnation_ = *std::move(name);
    return absl::OkStatus();
  }
  if (!absl::IsNotFound(name.status())) {
    log::Warning("ledger begins a new incarnation path={} why=\"{}\"", directories_.top.path(),
                 name.ok() ? "not 32 hex digits" : Message(name.status()));
  }
  auto made = MakeIncarnation(files);
  MUSTER_RETURN_IF_ERROR(made.status());
  MUSTER_RETURN_IF_ERROR(directories_.top.Write(kIncarnationFile, *made + "\n"));
  incarnation_ = *std::move(made);
  return absl::OkStatus();
}

void DirectoryLedger::ReadEpoch() {
  const auto text = directories_.top.Read(kEpochFile, kMaxEntryBytes);
  if (absl::IsNotFound(text.status())) return;
  auto epoch = text.ok() ? EpochFromText(*text) : absl::StatusOr<Epoch>(text.status());
  if (epoch.ok()) {
    epoch_ = *std::move(epoch);
  } else {
    log::Warning("ledger forgets its epoch path={} why=\"{}\"", directories_.top.path(),
                 Message(epoch.status()));
  }
}

absl::Status DirectoryLedger::ReadAttempts() {
  const auto names = directories_.attempts.Names();
  MUSTER_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (const auto key = KeyOf(name)) {
      entries_.emplace(*key, ReadAttempt(name, *key));
    } else {
      log::Warning("ledger ignores a file path={}/{}", directories_.attempts.path(), name);
    }
  }
  return absl::OkStatus();
}

LedgerEntry DirectoryLedger::ReadAttempt(const std::string& name, const AttemptKey& key) {
  const auto text = directories_.attempts.Read(name, kMaxEntryBytes);
  auto entry = text.ok() ? EntryFromText(key, *text) : absl::StatusOr<LedgerEntry>(text.status());
  if (entry.ok()) return *std::move(entry);

  log::Warning("ledger entry unreadable task={} attempt={} why=\"{}\"", key.task, key.attempt,
               Message(entry.status()));
  LedgerEntry held{.intent = {}, .outcome = std::nullopt};
  held.intent.key = key;
  held.outcome = Interrupted(fmt::format(
      "the ledger entry of this attempt is unreadable ({}), so that nobody knows what it had done",
      Message(entry.status())));
  PutAside(name);
  if (const absl::Status status = directories_.attempts.Write(name, EntryText(held));
      !status.ok()) {
    log::Warning("ledger entry not replaced: {}", Message(status));
  }
  return held;
}

void DirectoryLedger::PutAside(const std::string& name) const {
  const auto kept = directories_.corrupt.Names();
  if (kept.ok() && kept->size() >= kMaxCorruptFiles) return;
  const absl::Status status = directories_.attempts.LinkTo(directories_.corrupt, name);
  if (!status.ok()) log::Warning("ledger entry not put aside: {}", Message(status));
}

absl::Status DirectoryLedger::ReadTombstones() {
  auto names = directories_.settled.NamesByAge();
  MUSTER_RETURN_IF_ERROR(names.status());
  tombstones_.assign(names->begin(), names->end());
  return RemoveOldTombstones();
}

std::vector<LedgerEntry> DirectoryLedger::Load() {
  std::vector<LedgerEntry> entries;
  for (const auto& [key, entry] : entries_) entries.push_back(entry);
  return entries;
}

absl::Status DirectoryLedger::WriteEntry(const LedgerEntry& entry) {
  const AttemptKey& key = entry.intent.key;
  const auto name = FileNameOf(key);
  MUSTER_RETURN_IF_ERROR(name.status());
  const bool is_new = !entries_.contains(key);
  if (is_new && entries_.size() >= limits::kMaxHeldAttempts) {
    return MakeStatus(absl::StatusCode::kResourceExhausted,
                      "the ledger holds {} attempts that are not settled, its limit",
                      entries_.size());
  }
  const absl::Status status = directories_.attempts.Write(*name, EntryText(entry));
  if (status.ok()) {
    entries_.insert_or_assign(key, entry);
  } else if (is_new) {
    // It may be there although its directory could not be synced; what the caller is told did not happen must not be found later.
    (void)directories_.attempts.Remove(*name);
  }
  return status;
}

absl::Status DirectoryLedger::WriteIntent(const Intent& intent) {
  return WriteEntry({.intent = intent, .outcome = std::nullopt});
}

absl::Status DirectoryLedger::WriteOutcome(const AttemptKey& key, const Outcome& outcome) {
  LedgerEntry entry;
  if (const auto found = entries_.find(key); found != entries_.end()) entry = found->second;
  entry.intent.key = key;
  entry.outcome = outcome;
  return WriteEntry(entry);
}

absl::Status DirectoryLedger::Settle(const AttemptKey& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return absl::OkStatus();
  const auto name = FileNameOf(key);
  MUSTER_RETURN_IF_ERROR(name.status());
  if (absl::Status status = directories_.attempts.MoveTo(directories_.settled, *name);
      !status.ok()) {
    unmoved_.insert(key);
    return status;
  }
  unmoved_.erase(key);
  entries_.erase(found);
  tombstones_.push_back(*name);
  // The attempt is settled whether old ones go or not; they are tried again with the next.
  if (const absl::Status status = RemoveOldTombstones(); !status.ok()) {
    log::Warning("ledger keeps old tombstones: {}", Message(status));
  }
  return absl::OkStatus();
}

absl::Status DirectoryLedger::RemoveOldTombstones() {
  while (tombstones_.size() > limits::kMaxTombstones) {
    MUSTER_RETURN_IF_ERROR(directories_.settled.Remove(tombstones_.front()));
    tombstones_.pop_front();
  }
  return absl::OkStatus();
}

std::optional<Outcome> DirectoryLedger::Tombstone(const AttemptKey& key) const {
  if (unmoved_.contains(key)) {
    const std::optional<Outcome>& outcome = entries_.at(key).outcome;
    return outcome ? outcome : Interrupted("this attempt was settled before it had ended");
  }
  const auto name = FileNameOf(key);
  if (!name.ok()) return std::nullopt;
  const auto text = directories_.settled.Read(*name, kMaxEntryBytes);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  auto entry = text.ok() ? EntryFromText(key, *text) : absl::StatusOr<LedgerEntry>(text.status());
  if (!entry.ok()) {
    return Interrupted(fmt::format("this attempt is settled and its record is unreadable ({})",
                                   Message(entry.status())));
  }
  if (!entry->outcome) return Interrupted("this attempt was settled before it had ended");
  return *std::move(entry->outcome);
}

absl::Status DirectoryLedger::WriteEpoch(const Epoch& epoch) {
  MUSTER_RETURN_IF_ERROR(directories_.top.Write(kEpochFile, EpochText(epoch)));
  epoch_ = epoch;
  return absl::OkStatus();
}

}  // namespace muster
