// A file that is there whole or not at all: it is written beside its place, as FILE.part, and takes it at the end. Main thread.
#pragma once

#include <string>

#include "common/status.h"
#include "common/unique_fd.h"

namespace muster::cli {

class PartFile {
 public:
  // For this user only. ALREADY_EXISTS if there is a file at `path` and `may_replace` is false.
  static absl::StatusOr<PartFile> Create(const std::string& path, bool may_replace);
  PartFile(PartFile&& other) noexcept = default;
  PartFile& operator=(PartFile&&) = delete;
  // Without Finish nothing is left.
  ~PartFile();

  absl::Status Write(const std::string& bytes);
  // Synced, and then in its place, with its directory. ALREADY_EXISTS if somebody was faster.
  absl::Status Finish();

 private:
  PartFile(std::string path, bool may_replace, UniqueFd file)
      : path_(std::move(path)), may_replace_(may_replace), file_(std::move(file)) {}
  std::string part() const { return path_ + ".part"; }

  std::string path_;
  bool may_replace_;
  UniqueFd file_;  // closed: it is finished, or moved from
};

// Writes all of it. Errors of an errno, which say `what`.
absl::Status WriteAll(int file, const std::string& bytes, const std::string& what);

}  // namespace muster::cli
