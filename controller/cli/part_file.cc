#include "controller/cli/part_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace muster::cli {
namespace {

absl::Status Exists(const std::string& path) {
  return MakeStatus(absl::StatusCode::kAlreadyExists,
                    "{} is there already: give another name, or --force", path);
}

absl::Status SyncDirectoryOf(const std::string& path) {
  std::string directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  const UniqueFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const bool is_synced = fd.is_open() && fsync(fd.get()) == 0;
  return is_synced ? absl::OkStatus() : ErrnoStatus(errno, "sync " + directory);
}

}  // namespace

absl::Status WriteAll(int file, const std::string& bytes, const std::string& what) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t written = write(file, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, what);
    done += static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

absl::StatusOr<PartFile> PartFile::Create(const std::string& path, bool may_replace) {
  if (!may_replace && std::filesystem::exists(std::filesystem::symlink_status(path)))
    return Exists(path);
  const std::string part = path + ".part";
  UniqueFd file(
      open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  // One that was left may have had another mode.
  if (!file.is_open() || fchmod(file.get(), S_IRUSR | S_IWUSR) != 0)
    return ErrnoStatus(errno, "write " + part);
  return PartFile(path, may_replace, std::move(file));
}

PartFile::~PartFile() {
  if (file_.is_open()) unlink(part().c_str());
}

absl::Status PartFile::Write(const std::string& bytes) {
  return WriteAll(file_.get(), bytes, "write " + part());
}

absl::Status PartFile::Finish() {
  if (fsync(file_.get()) != 0) return ErrnoStatus(errno, "sync " + part());
  const unsigned flags = may_replace_ ? 0 : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, part().c_str(), AT_FDCWD, path_.c_str(), flags) != 0)
    return errno == EEXIST ? Exists(path_) : ErrnoStatus(errno, "rename to " + path_);
  file_ = UniqueFd();
  return SyncDirectoryOf(path_);
}

}  // namespace muster::cli
