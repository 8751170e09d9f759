#include "agent/ledger/synced_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <tuple>
#include <utility>

namespace muster {
namespace {

// A file descriptor for the length of a block.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

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
  const Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return DiskError(errno, "open " + path);
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

}  // namespace

absl::Status DiskError(int error, const std::string& what) {
  absl::Status status = ErrnoStatus(error, what);
  const bool is_known = status.code() == absl::StatusCode::kResourceExhausted ||
                        status.code() == absl::StatusCode::kPermissionDenied;
  return is_known ? status : absl::Status(absl::StatusCode::kUnavailable, status.message());
}

absl::StatusOr<SyncedDirectory> SyncedDirectory::Open(const std::string& path) {
  std::filesystem::path full = std::filesystem::absolute(path).lexically_normal();
  if (!full.has_filename()) full = full.parent_path();
  MUSTER_RETURN_IF_ERROR(MakeAll(full));
  const int fd = open(full.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return DiskError(errno, "open " + full.string());
  return SyncedDirectory(full.string(), fd);
}

SyncedDirectory::SyncedDirectory(SyncedDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      lock_fd_(std::exchange(other.lock_fd_, -1)) {}

SyncedDirectory::~SyncedDirectory() {
  if (fd_ >= 0) close(fd_);
  if (lock_fd_ >= 0) close(lock_fd_);
}

absl::Status SyncedDirectory::CheckOwner() const {
  struct stat info {};
  if (fstat(fd_, &info) < 0) return DiskError(errno, "stat " + path_);
  const bool is_ours = info.st_uid == 0 || info.st_uid == geteuid();
  if (is_ours && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    "{}: other users may write in it (chown root, chmod go-w)", path_);
}

absl::Status SyncedDirectory::Sync() const {
  if (fsync(fd_) < 0) return DiskError(errno, "fsync " + path_);
  return absl::OkStatus();
}

absl::Status SyncedDirectory::WriteTemporary(const std::string& name,
                                             const std::string& content) const {
  const std::string path = PathOf(name);
  const Fd fd(openat(fd_, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                     S_IRUSR | S_IWUSR));
  if (!fd.ok()) return DiskError(errno, "open " + path);
  MUSTER_RETURN_IF_ERROR(WriteAll(fd.get(), content, path));
  if (fdatasync(fd.get()) < 0) return DiskError(errno, "fdatasync " + path);
  return absl::OkStatus();
}

absl::Status SyncedDirectory::Write(const std::string& name, const std::string& content) const {
  const std::string temporary = name + kTemporarySuffix;
  absl::Status status = WriteTemporary(temporary, content);
  if (status.ok() && renameat(fd_, temporary.c_str(), fd_, name.c_str()) < 0) {
    status = DiskError(errno, "rename " + PathOf(temporary));
  }
  if (!status.ok()) {
    unlinkat(fd_, temporary.c_str(), 0);
    return status;
  }
  return Sync();
}

absl::StatusOr<std::string> SyncedDirectory::Read(const std::string& name, size_t max_bytes) const {
  const std::string path = PathOf(name);
  // Not blocking: somebody may have put a FIFO there.
  const Fd fd(openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.ok()) {
    if (errno == ENOENT) return ErrnoStatus(ENOENT, "open " + path);
    return DiskError(errno, "open " + path);
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

absl::Status SyncedDirectory::Remove(const std::string& name) const {
  if (unlinkat(fd_, name.c_str(), 0) < 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return DiskError(errno, "unlink " + PathOf(name));
  }
  return Sync();
}

absl::Status SyncedDirectory::MoveTo(const SyncedDirectory& other, const std::string& name) const {
  // The time of the move is the file's age from now on. If it cannot be set the order is a little wrong.
  utimensat(fd_, name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  if (renameat(fd_, name.c_str(), other.fd_, name.c_str()) < 0 && errno != ENOENT) {
    return DiskError(errno, "rename " + PathOf(name));
  }
  MUSTER_RETURN_IF_ERROR(other.Sync());
  return Sync();
}

absl::Status SyncedDirectory::LinkTo(const SyncedDirectory& other, const std::string& name) const {
  if (linkat(fd_, name.c_str(), other.fd_, name.c_str(), 0) < 0 && errno != EEXIST) {
    return DiskError(errno, "link " + PathOf(name));
  }
  return other.Sync();
}

absl::StatusOr<std::vector<std::string>> SyncedDirectory::AllNames() const {
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
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::vector<std::string>> SyncedDirectory::Names() const {
  auto names = AllNames();
  if (names.ok()) {
    std::erase_if(*names, [](const std::string& name) { return name.back() == kTemporarySuffix; });
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> SyncedDirectory::NamesByAge() const {
  auto names = Names();
  if (!names.ok()) return names;
  std::vector<std::tuple<int64_t, int64_t, std::string>> aged;
  for (std::string& name : *names) {
    struct stat info {};
    if (fstatat(fd_, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) continue;
    aged.emplace_back(info.st_mtim.tv_sec, info.st_mtim.tv_nsec, std::move(name));
  }
  std::sort(aged.begin(), aged.end());
  names->clear();
  for (auto& entry : aged) names->push_back(std::move(std::get<2>(entry)));
  return names;
}

absl::Status SyncedDirectory::RemoveTemporaries() const {
  const auto names = AllNames();
  MUSTER_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (name.back() == kTemporarySuffix) unlinkat(fd_, name.c_str(), 0);
  }
  return absl::OkStatus();
}

absl::Status SyncedDirectory::Lock(const std::string& name) {
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

}  // namespace muster
