#include "agent/ledger/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "common/unique_fd.h"

namespace muster {
namespace {

// With one of the codes that a LedgerStore has.
absl::Status DiskError(int error, const std::string& what) {
  absl::Status status = ErrnoStatus(error, what);
  const bool is_known = status.code() == absl::StatusCode::kResourceExhausted ||
                        status.code() == absl::StatusCode::kPermissionDenied;
  return is_known ? status : absl::Status(absl::StatusCode::kUnavailable, status.message());
}

absl::Status WriteAll(int fd, const std::string& content, const std::string& path) {
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = write(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return DiskError(errno, "write " + path);
    done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status SyncPath(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return DiskError(errno, "open " + path);
  if (fsync(fd.get()) < 0) return DiskError(errno, "fsync " + path);
  return absl::OkStatus();
}

// One directory that may be there; a new one is on disk in its parent when this returns.
absl::Status MakeOne(const std::filesystem::path& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0) return SyncPath(path.parent_path());
  if (errno == EEXIST) return absl::OkStatus();
  return DiskError(errno, "mkdir " + path.string());
}

absl::Status MakeAll(const std::filesystem::path& path) {
  std::filesystem::path so_far;
  for (const auto& part : path) {
    so_far /= part;
    if (so_far == path.root_path()) continue;
    MUSTER_RETURN_IF_ERROR(MakeOne(so_far, so_far == path ? 0700 : 0755));
  }
  return absl::OkStatus();
}

// The first line of what the holder of a lock wrote, which is its process id.
std::string HolderOf(int lock_fd) {
  char text[32] = {};
  const ssize_t n = pread(lock_fd, text, sizeof(text) - 1, 0);
  std::string holder(text, n > 0 ? static_cast<size_t>(n) : 0);
  holder.erase(std::find(holder.begin(), holder.end(), '\n'), holder.end());
  return holder.empty() ? "another process" : "process " + holder;
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  absl::Status Write(const std::string& content) override {
    return WriteAll(fd_.get(), content, path_);
  }
  absl::Status Sync() override {
    if (fdatasync(fd_.get()) < 0) return DiskError(errno, "fdatasync " + path_);
    return absl::OkStatus();
  }

 private:
  const UniqueFd fd_;
  const std::string path_;
};

class PosixDirectory final : public Directory {
 public:
  PosixDirectory(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~PosixDirectory() override {
    close(fd_);
    if (lock_fd_ >= 0) close(lock_fd_);
  }

  const std::string& path() const override { return path_; }
  absl::StatusOr<std::unique_ptr<File>> Create(const std::string& name) override;
  absl::StatusOr<std::string> Read(const std::string& name, size_t max_bytes) override;
  absl::Status Rename(const std::string& name, Directory& to, const std::string& new_name) override;
  absl::Status Link(const std::string& name, Directory& to) override;
  absl::Status Unlink(const std::string& name) override;
  void Touch(const std::string& name) override;
  absl::StatusOr<std::vector<std::string>> Names() override;
  int64_t ModifiedNs(const std::string& name) override;
  absl::Status Sync() override;
  absl::Status CheckOwner() override;
  absl::Status Lock(const std::string& name) override;

 private:
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  static int FdOf(Directory& directory) { return static_cast<PosixDirectory&>(directory).fd_; }
  // Of a call that failed just now.
  absl::Status Failed(const char* call, const std::string& name) const;

  const std::string path_;
  const int fd_;
  int lock_fd_ = -1;
};

absl::Status PosixDirectory::Failed(const char* call, const std::string& name) const {
  const int error = errno;
  const std::string what = fmt::format("{} {}", call, PathOf(name));
  if (error == ENOENT) return ErrnoStatus(error, what);
  if (error == EEXIST) return absl::AlreadyExistsError(what);
  return DiskError(error, what);
}

absl::StatusOr<std::unique_ptr<File>> PosixDirectory::Create(const std::string& name) {
  const int fd = openat(fd_, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                        S_IRUSR | S_IWUSR);
  if (fd < 0) return DiskError(errno, "open " + PathOf(name));
  return std::make_unique<PosixFile>(fd, PathOf(name));
}

absl::StatusOr<std::string> PosixDirectory::Read(const std::string& name, size_t max_bytes) {
  const std::string path = PathOf(name);
  // Not blocking: somebody may have put a FIFO there.
  const UniqueFd fd(openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.is_open()) {
    return Failed("open", name);
  }
  std::string content(max_bytes + 1, '\0');
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = read(fd.get(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return DiskError(errno, "read " + path);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  if (done > max_bytes) {
    return MakeStatus(absl::StatusCode::kOutOfRange, "read {}: larger than {} bytes", path,
                      max_bytes);
  }
  content.resize(done);
  return content;
}

absl::Status PosixDirectory::Rename(const std::string& name, Directory& to,
                                    const std::string& new_name) {
  if (renameat(fd_, name.c_str(), FdOf(to), new_name.c_str()) < 0) return Failed("rename", name);
  return absl::OkStatus();
}

absl::Status PosixDirectory::Link(const std::string& name, Directory& to) {
  if (linkat(fd_, name.c_str(), FdOf(to), name.c_str(), 0) < 0) return Failed("link", name);
  return absl::OkStatus();
}

absl::Status PosixDirectory::Unlink(const std::string& name) {
  if (unlinkat(fd_, name.c_str(), 0) < 0) return Failed("unlink", name);
  return absl::OkStatus();
}

void PosixDirectory::Touch(const std::string& name) {
  utimensat(fd_, name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

int64_t PosixDirectory::ModifiedNs(const std::string& name) {
  struct stat info {};
  if (fstatat(fd_, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  return int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

absl::Status PosixDirectory::Sync() {
  if (fsync(fd_) < 0) return DiskError(errno, "fsync " + path_);
  return absl::OkStatus();
}

absl::Status PosixDirectory::CheckOwner() {
  struct stat info {};
  if (fstat(fd_, &info) < 0) return DiskError(errno, "stat " + path_);
  const bool is_ours = info.st_uid == 0 || info.st_uid == geteuid();
  if (is_ours && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    "{}: other users may write in it (chown root, chmod go-w)", path_);
}

absl::StatusOr<std::vector<std::string>> PosixDirectory::Names() {
  // A descriptor of its own: fdopendir takes it and moves its offset.
  const int fd = openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = fd < 0 ? nullptr : fdopendir(fd);
  if (stream == nullptr) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return DiskError(error, "read " + path_);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  const int error = errno;
  closedir(stream);
  if (error != 0) return DiskError(error, "read " + path_);
  return names;
}

absl::Status PosixDirectory::Lock(const std::string& name) {
  const std::string path = PathOf(name);
  const int fd =
      openat(fd_, name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return DiskError(errno, "open " + path);
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    const int error = errno;
    const std::string holder = HolderOf(fd);
    close(fd);
    if (error != EWOULDBLOCK) return DiskError(error, "lock " + path);
    return MakeStatus(absl::StatusCode::kFailedPrecondition,
                      "lock {}: {} holds it; only one agent may use this directory", path, holder);
  }
  lock_fd_ = fd;
  // For people and for the sentence above; nothing depends on it.
  if (ftruncate(fd, 0) == 0) dprintf(fd, "%d\n", static_cast<int>(getpid()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Directory>> PosixFileSystem::Open(const std::string& path) {
  std::filesystem::path full = std::filesystem::absolute(path).lexically_normal();
  if (!full.has_filename()) full = full.parent_path();
  MUSTER_RETURN_IF_ERROR(MakeAll(full));
  const int fd = open(full.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return DiskError(errno, "open " + full.string());
  return std::make_unique<PosixDirectory>(full.string(), fd);
}

absl::Status PosixFileSystem::FillRandom(unsigned char* bytes, size_t size) {
  if (getrandom(bytes, size, 0) != static_cast<ssize_t>(size)) return DiskError(errno, "getrandom");
  return absl::OkStatus();
}

}  // namespace muster
