// A file that is there whole or not at all: it is written beside its place, as FILE.XXXXXX.part, and takes it at the end. Main thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "common/status.h"
#include "common/unique_fd.h"

namespace muster::cli {

class PartFile {
 public:
  // For this user only, unless `mode`, from which the umask is taken, says otherwise. ALREADY_EXISTS if there is a file at `path` and
  // `may_replace` is false. Two for the same path do not know of each other; the last one, or without `may_replace` the first one, stays.
  static absl::StatusOr<PartFile> Create(const std::string& path, bool may_replace,
                                         mode_t mode = 0600);
  PartFile(PartFile&& other) noexcept = default;
  PartFile& operator=(PartFile&&) = delete;
  // Without Finish nothing is left.
  ~PartFile();

  absl::Status Write(const std::string& bytes);
  // Synced, and then in its place, with its directory. ALREADY_EXISTS if somebody was faster.
  absl::Status Finish();

 private:
  PartFile(std::string path, std::string part, bool may_replace, UniqueFd file)
      : path_(std::move(path)),
        part_(std::move(part)),
        may_replace_(may_replace),
        file_(std::move(file)) {}
  // 0, or what errno says.
  int TakePlace() const;

  std::string path_;
  std::string part_;
  bool may_replace_;
  UniqueFd file_;  // closed: it is finished, or moved from
};

}  // namespace muster::cli
