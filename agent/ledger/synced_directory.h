// One directory whose files are small, written whole and on disk when the call returns: a temporary file beside, fdatasync,
// rename, fsync of the directory. A reader sees the old file or the new one, never a half.
//
// Held open: if somebody removes or replaces the directory, calls fail (UNAVAILABLE) instead of going on elsewhere. Names are single
// components that the caller has checked. Errors are RESOURCE_EXHAUSTED, PERMISSION_DENIED or UNAVAILABLE, with the path. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/ledger/file_system.h"
#include "common/status.h"

namespace muster {

// Ends the names of files that are being written; no finished file has it.
inline constexpr char kTemporarySuffix = '~';

class SyncedDirectory {
 public:
  static absl::StatusOr<SyncedDirectory> Open(FileSystem& files, const std::string& path);

  // As of Directory.
  absl::Status CheckOwner() const { return directory_->CheckOwner(); }
  absl::Status Lock(const std::string& name) { return directory_->Lock(name); }
  const std::string& path() const { return directory_->path(); }

  absl::Status Write(const std::string& name, const std::string& content) const;
  // NOT_FOUND if there is no such file; OUT_OF_RANGE if it has more than `max_bytes`.
  absl::StatusOr<std::string> Read(const std::string& name, size_t max_bytes) const;
  // A file that is not there is no error.
  absl::Status Remove(const std::string& name) const;
  // Gives the file to `other` as the newest there. A file that is not here is no error: it was moved before.
  absl::Status MoveTo(const SyncedDirectory& other, const std::string& name) const;
  // A second name for the file, in `other`.
  absl::Status LinkTo(const SyncedDirectory& other, const std::string& name) const;
  // Finished files, in the order of their names.
  absl::StatusOr<std::vector<std::string>> Names() const;
  // The same, oldest first.
  absl::StatusOr<std::vector<std::string>> NamesByAge() const;

  // After a crash: removes what Write was in the middle of, and syncs the names that are there, for a process may die between the rename
  // and the sync, and what is read from now on may be acted upon. Only while nobody else can be writing: after Lock.
  absl::Status Recover() const;

 private:
  explicit SyncedDirectory(std::unique_ptr<Directory> directory)
      : directory_(std::move(directory)) {}
  absl::Status WriteTemporary(const std::string& name, const std::string& content) const;
  absl::StatusOr<std::vector<std::string>> AllNames() const;

  std::unique_ptr<Directory> directory_;
};

}  // namespace muster
