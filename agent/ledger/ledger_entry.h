// One attempt as a file: its name, which carries the key, and its text. Pure; any thread. Reading is strict: text that is not
// exactly an entry of this version is INVALID_ARGUMENT with what is wrong.
#pragma once

#include <optional>
#include <string>

#include "agent/ledger/ledger_store.h"
#include "common/content.h"
#include "common/status.h"

namespace muster {

// Far above the largest entry (one sentence of 4 KiB, three unit states, and a record of mounts in which JSON may write six bytes for one);
// a larger file is not ours.
inline constexpr size_t kMaxEntryBytes = (64 << 10) + 6 * kMaxRecordBytes;

// "jobs+ID+tasks+NODE@1" for attempt 1 of jobs/ID/tasks/NODE. INVALID_ARGUMENT if the key cannot be a name: a task is 1 to
// limits::kMaxNameBytes of [A-Za-z0-9._-] and '/', an attempt is at least 1.
absl::StatusOr<std::string> FileNameOf(const AttemptKey& key);
// Nothing if it is no file name of ours.
std::optional<AttemptKey> KeyOf(const std::string& file_name);

std::string EntryText(const LedgerEntry& entry);
// The entry must be the one of `key`.
absl::StatusOr<LedgerEntry> EntryFromText(const AttemptKey& key, const std::string& text);

std::string EpochText(const Epoch& epoch);
absl::StatusOr<Epoch> EpochFromText(const std::string& text);

}  // namespace muster
