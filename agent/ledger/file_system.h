// What the ledger asks of a disk, in the kernel's own steps, so that a simulation can lose power between any two of them: what a file
// holds is on disk after File::Sync, names are after Directory::Sync of each directory that they are in. One thread: the loop's.
// Errors are those of LedgerStore, and NOT_FOUND where a file is not there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"

namespace muster {

// A file that is being written; closed by its end.
class File {
 public:
  virtual ~File() = default;
  // Appends.
  virtual absl::Status Write(const std::string& content) = 0;
  virtual absl::Status Sync() = 0;
};

// An open directory: if somebody removes or replaces it, calls fail instead of going on elsewhere. Names are single components.
class Directory {
 public:
  virtual ~Directory() = default;
  virtual const std::string& path() const = 0;

  // An empty file, in place of the one that may be there.
  virtual absl::StatusOr<std::unique_ptr<File>> Create(const std::string& name) = 0;
  // OUT_OF_RANGE if it has more than `max_bytes`.
  virtual absl::StatusOr<std::string> Read(const std::string& name, size_t max_bytes) = 0;
  // In place of the file that may be there. `to` is of the same file system.
  virtual absl::Status Rename(const std::string& name, Directory& to,
                              const std::string& new_name) = 0;
  // A second name for the file, in `to`. ALREADY_EXISTS if there is such a file.
  virtual absl::Status Link(const std::string& name, Directory& to) = 0;
  virtual absl::Status Unlink(const std::string& name) = 0;
  // Makes it the youngest; if that cannot be done, it is not.
  virtual void Touch(const std::string& name) = 0;
  // In any order.
  virtual absl::StatusOr<std::vector<std::string>> Names() = 0;
  // When it was written or touched, on any clock; 0 if it is not there.
  virtual int64_t ModifiedNs(const std::string& name) = 0;
  virtual absl::Status Sync() = 0;

  // FAILED_PRECONDITION unless it is this process's user's or root's, and nobody else may write in it.
  virtual absl::Status CheckOwner() = 0;
  // An exclusive lock on file `name`, held until the end of the process or of this object. FAILED_PRECONDITION names the holder.
  virtual absl::Status Lock(const std::string& name) = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Makes the directory (0700) and the missing ones above it (0755), synced.
  virtual absl::StatusOr<std::unique_ptr<Directory>> Open(const std::string& path) = 0;
  // Random bytes, for names that are given once.
  virtual absl::Status FillRandom(unsigned char* bytes, size_t size) = 0;
};

}  // namespace muster
