// One directory whose files are small, written whole and on disk when the call returns: a temporary file beside, fdatasync,
// rename, fsync of the directory. A reader sees the old file or the new one, never a half.
//
// Held open: if somebody removes or replaces the directory, calls fail (UNAVAILABLE) instead of going on elsewhere. Names are single
// components that the caller has checked. Errors are RESOURCE_EXHAUSTED, PERMISSION_DENIED or UNAVAILABLE, with the path. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/status.h"

namespace muster {

// Ends the names of files that are being written; no finished file has it.
inline constexpr char kTemporarySuffix = '~';

// The status of errno value `error`, with one of the codes above.
absl::Status DiskError(int error, const std::string& what);

class SyncedDirectory {
 public:
  // Makes the directory (0700) and the missing ones above it (0755), synced.
  static absl::StatusOr<SyncedDirectory> Open(const std::string& path);

  SyncedDirectory(SyncedDirectory&& other) noexcept;
  SyncedDirectory(const SyncedDirectory&) = delete;
  SyncedDirectory& operator=(const SyncedDirectory&) = delete;
  ~SyncedDirectory();

  // FAILED_PRECONDITION unless it is this process's user's or root's, and nobody else may write in it.
  absl::Status CheckOwner() const;

  const std::string& path() const { return path_; }

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

  // What a crash left in the middle of Write. Only while nobody else can be writing: after Lock.
  absl::Status RemoveTemporaries() const;

  // An exclusive lock on file `name`, held until the end of the process or of this object. FAILED_PRECONDITION names the holder.
  absl::Status Lock(const std::string& name);

 private:
  SyncedDirectory(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  absl::Status Sync() const;
  absl::Status WriteTemporary(const std::string& name, const std::string& content) const;
  absl::StatusOr<std::vector<std::string>> AllNames() const;

  std::string path_;
  int fd_;
  int lock_fd_ = -1;
};

}  // namespace muster
