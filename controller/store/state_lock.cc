#include "controller/store/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace muster {
namespace {

std::string HolderOf(int fd) {
  std::array<char, 16> text{};
  const ssize_t size = pread(fd, text.data(), text.size() - 1, 0);
  const int pid = size > 0 ? std::atoi(text.data()) : 0;
  return pid > 0 ? fmt::format("pid {}", pid) : "pid unknown";
}

}  // namespace

absl::StatusOr<StateLock> StateLock::Acquire(const std::string& state_dir) {
  const std::string path = state_dir + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "open " + path);
  StateLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    // For people and for the sentence below; nothing depends on it.
    if (ftruncate(fd, 0) == 0) dprintf(fd, "%d\n", static_cast<int>(getpid()));
    return lock;
  }
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "lock " + path);
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    "another musterd ({}) uses the state directory {}: stop it, or give this one a "
                    "directory of its own",
                    HolderOf(fd), state_dir);
}

StateLock::StateLock(StateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StateLock::~StateLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace muster
