#include "controller/cli/part_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "controller/cli/write_all.h"

namespace muster::cli {
namespace {

constexpr char kSuffix[] = ".part";
constexpr mode_t kOwn = S_IRUSR | S_IWUSR;

mode_t Umask() {
  const mode_t mask = umask(0);
  umask(mask);
  return mask;
}

absl::Status IsThereAlready(const std::string& path) {
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

absl::StatusOr<PartFile> PartFile::Create(const std::string& path, bool may_replace, mode_t mode) {
  if (!may_replace && std::filesystem::exists(std::filesystem::symlink_status(path)))
    return IsThereAlready(path);
  std::string part = path + ".XXXXXX" + kSuffix;
  UniqueFd file(mkostemps(part.data(), sizeof kSuffix - 1, O_CLOEXEC));
  if (!file.is_open()) return ErrnoStatus(errno, "write beside " + path);
  PartFile created(path, std::move(part), may_replace, std::move(file));
  if (mode != kOwn && fchmod(created.file_.get(), mode & ~Umask()) != 0)
    return ErrnoStatus(errno, "set the mode of " + created.part_);
  return created;
}

PartFile::~PartFile() {
  if (file_.is_open()) unlink(part_.c_str());
}

absl::Status PartFile::Write(const std::string& bytes) {
  return WriteAll(file_.get(), bytes, "write " + part_);
}

// Some file systems, such as NFS and CephFS, cannot rename without replacing; a link never replaces.
int PartFile::TakePlace() const {
  const unsigned flags = may_replace_ ? 0 : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), flags) == 0) return 0;
  if (may_replace_ || errno != EINVAL) return errno;
  if (link(part_.c_str(), path_.c_str()) != 0) return errno;
  unlink(part_.c_str());
  return 0;
}

absl::Status PartFile::Finish() {
  if (fsync(file_.get()) != 0) return ErrnoStatus(errno, "sync " + part_);
  if (const int error = TakePlace(); error != 0)
    return error == EEXIST ? IsThereAlready(path_) : ErrnoStatus(error, "rename to " + path_);
  file_ = UniqueFd();
  return SyncDirectoryOf(path_);
}

}  // namespace muster::cli
