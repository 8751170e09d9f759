#include "agent/mount/child_lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "common/fnv.h"
#include "common/utf8.h"

namespace muster {
namespace {

constexpr std::string_view kSuffix = ".lock";
// Of what is locked, as much is kept in the file to be shown.
constexpr size_t kMaxShown = 512;

// A file name for it, which may be longer than a name may be. Two of one hash would wait for each other.
std::string PathOf(const std::string& directory, const std::string& what) {
  return fmt::format("{}/{:016x}{}", directory, Fnv1a(what), kSuffix);
}

bool IsHeld(int file) { return flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; }

std::string TextOf(int file) {
  char text[kMaxShown];
  const ssize_t n = pread(file, text, sizeof(text), 0);
  return n <= 0 ? "" : ToUtf8({text, static_cast<size_t>(n)});
}

// With errno.
ChildResult CannotTell(const std::string& what) {
  const int error = errno;
  return {error, false,
          fmt::format("whether an earlier try hangs could not be found out: open {}: {}", what,
                      std::strerror(error))};
}

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

}  // namespace

UniqueFd TakeLock(const std::string& directory, const std::string& what) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return UniqueFd();
  UniqueFd file(
      open(PathOf(directory, what).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open() || flock(file.get(), LOCK_EX | LOCK_NB) != 0) return UniqueFd();
  // For who finds it held; without it that is told without a name.
  const size_t size = std::min(what.size(), kMaxShown);
  if (ftruncate(file.get(), 0) == 0 && pwrite(file.get(), what.data(), size, 0) < 0) errno = 0;
  return file;
}

ChildResult FindLocked(const std::string& directory) {
  const std::unique_ptr<DIR, CloseDir> dir(opendir(directory.c_str()));
  if (dir == nullptr) {
    if (errno == ENOENT) return {};
    return CannotTell(directory);
  }
  while (const dirent* entry = readdir(dir.get())) {
    if (!std::string_view(entry->d_name).ends_with(kSuffix)) continue;
    const UniqueFd file(openat(dirfd(dir.get()), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.is_open()) return CannotTell(entry->d_name);
    if (!IsHeld(file.get())) continue;
    return {EAGAIN, true, fmt::format("an earlier try is still at {}", TextOf(file.get()))};
  }
  return {};
}

}  // namespace muster
