// Unmounting and mounting; what is found out about users is in find_users.cc.
#include "agent/mount/child_work.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

#include "agent/mount/content_tree.h"
#include "agent/mount/mount_options.h"
#include "agent/mount/mount_reader.h"
#include "agent/mount/run_program.h"
#include "common/unique_fd.h"

namespace muster {
namespace {

// How long the mount helper may take: CPS may have to fetch an image first. As long as its own tool is told to wait (cpsmount.sh -T 300,
// in CSM's page on booting UANs).
constexpr Duration kHelperDeadline = 5min;
// Somebody else may take the free loop device first.
constexpr int kLoopTries = 16;

ChildResult Error(int error, std::string text) { return {error, false, std::move(text)}; }

const Mount* FindById(const MountTable& table, int id) {
  const auto found = std::find_if(table.mounts.begin(), table.mounts.end(),
                                  [id](const Mount& mount) { return mount.id == id; });
  return found == table.mounts.end() ? nullptr : &*found;
}

bool IsCovered(const MountTable& table, const Mount& mount) {
  return std::any_of(table.mounts.begin(), table.mounts.end(), [&mount](const Mount& other) {
    return other.parent == mount.id && other.target == mount.target && other.id != mount.id;
  });
}

// "/dev/loop3" of "7:3"; empty if there is no such device.
std::string LoopPath(const std::string& device) {
  char link[PATH_MAX];
  const ssize_t n = readlink(("/sys/dev/block/" + device).c_str(), link, sizeof(link));
  if (n <= 0) return "";
  const std::string_view path(link, static_cast<size_t>(n));
  return fmt::format("/dev/{}", path.substr(path.rfind('/') + 1));
}

// Most loop devices free themselves with their last user; one that does not would keep the file system of its file busy.
int FreeLoop(const UnmountOne& task) {
  const std::string file =
      ReadSmallFile(fmt::format("/sys/dev/block/{}/loop/backing_file", task.loop_device));
  if (file.empty() || file != task.loop_file) return 0;
  const UniqueFd loop(open(LoopPath(task.loop_device).c_str(), O_RDONLY | O_CLOEXEC));
  if (!loop.is_open()) return errno;
  // ENXIO: it has freed itself meanwhile.
  return ioctl(loop.get(), LOOP_CLR_FD, 0) == 0 || errno == ENXIO ? 0 : errno;
}

// Like mkdir -p; an errno.
int MakeDirectories(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (mkdir(path.substr(0, end).c_str(), 0755) != 0 && errno != EEXIST) return errno;
    if (end == std::string::npos) return 0;
  }
}

// What is bound may be a file, and needs one to be bound to.
int MakePlace(const RecordedMount& mount) {
  struct stat info {};
  if (lstat(mount.target.c_str(), &info) == 0) return 0;
  const bool is_file = mount.kind == MountKind::kBind && stat(mount.source.c_str(), &info) == 0 &&
                       !S_ISDIR(info.st_mode);
  if (!is_file) return MakeDirectories(mount.target);
  const size_t name = mount.target.rfind('/');
  if (const int error = name == 0 ? 0 : MakeDirectories(mount.target.substr(0, name)); error != 0)
    return error;
  const UniqueFd file(
      open(mount.target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  return file.is_open() ? 0 : errno;
}

// A loop device of the file, which frees itself with its last user; a negative errno if there is none.
int OpenLoop(const std::string& path, bool is_read_only) {
  const int mode = (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC;
  const UniqueFd file(open(path.c_str(), mode));
  if (!file.is_open()) return -errno;
  const UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.is_open()) return -errno;
  for (int i = 0; i < kLoopTries; ++i) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return -errno;
    UniqueFd loop(open(fmt::format("/dev/loop{}", number).c_str(), mode));
    if (!loop.is_open()) return -errno;
    if (ioctl(loop.get(), LOOP_SET_FD, file.get()) != 0) {
      if (errno == EBUSY) continue;
      return -errno;
    }
    loop_info64 info{};
    info.lo_flags = LO_FLAGS_AUTOCLEAR;
    path.copy(reinterpret_cast<char*>(info.lo_file_name), LO_NAME_SIZE - 1);
    if (ioctl(loop.get(), LOOP_SET_STATUS64, &info) != 0) {
      const int error = errno;
      ioctl(loop.get(), LOOP_CLR_FD, 0);
      return -error;
    }
    return loop.release();
  }
  return -EBUSY;
}

int MountLoop(const RecordedMount& mount) {
  const unsigned long flags = FlagsOf(mount);
  const int number = OpenLoop(mount.source, (flags & MS_RDONLY) != 0);
  if (number < 0) return -number;
  const UniqueFd loop(number);
  const std::string device = fmt::format("/proc/self/fd/{}", loop.get());
  char path[PATH_MAX] = {};
  if (readlink(device.c_str(), path, sizeof(path) - 1) < 0) return errno;
  return ::mount(path, mount.target.c_str(), mount.fstype.c_str(), flags, DataOf(mount).c_str()) ==
                 0
             ? 0
             : errno;
}

// Its upper layer is often on a tmpfs, of which a boot leaves nothing.
int MountOverlay(const RecordedMount& mount) {
  for (const char* name : {"upperdir", "workdir"}) {
    for (const std::string& directory : OptionValues(mount.super_options, name))
      if (const int error = MakeDirectories(directory); error != 0) return error;
  }
  return ::mount(mount.source.c_str(), mount.target.c_str(), mount.fstype.c_str(), FlagsOf(mount),
                 DataOf(mount).c_str()) == 0
             ? 0
             : errno;
}

int MountBind(const RecordedMount& mount) {
  const char* target = mount.target.c_str();
  if (::mount(mount.source.c_str(), target, nullptr, MS_BIND, nullptr) != 0) return errno;
  if (::mount(nullptr, target, nullptr, MS_REMOUNT | MS_BIND | FlagsOf(mount), nullptr) == 0)
    return 0;
  const int error = errno;
  umount2(target, UMOUNT_NOFOLLOW);
  return error;
}

ChildResult MakeMount(const RecordedMount& mount, const ContentProfile& profile) {
  int error = EINVAL;
  switch (mount.kind) {
    case MountKind::kProjected:
      return RunProgram(HelperCall(mount, profile), kHelperDeadline);
    case MountKind::kLoop:
      error = MountLoop(mount);
      break;
    case MountKind::kOverlay:
      error = MountOverlay(mount);
      break;
    case MountKind::kBind:
      error = MountBind(mount);
      break;
    case MountKind::kUnspecified:
      break;
  }
  return Error(error, error == 0 ? "" : std::strerror(error));
}

}  // namespace

ChildResult DoInChild(const UnmountOne& task) {
  const MountTable table = ReadMountTable();
  const Mount* mount = FindById(table, task.id);
  if (mount == nullptr) return {};  // somebody else has unmounted it
  if (mount->target != task.target || IsCovered(table, *mount))
    return Error(EAGAIN, "another mount is there now");
  int flags = UMOUNT_NOFOLLOW;
  if (task.is_lazy) flags |= MNT_DETACH;
  if (task.is_forced) flags |= MNT_FORCE;
  if (umount2(task.target.c_str(), flags) != 0) {
    const int error = errno;
    return Error(error, std::strerror(error));
  }
  if (task.loop_device.empty()) return {};
  const int error = FreeLoop(task);
  return Error(error, error == 0 ? ""
                                 : fmt::format("free the loop device {}: {}", task.loop_device,
                                               std::strerror(error)));
}

ChildResult DoInChild(const MountOne& task) {
  const ContentProfile& profile = *task.profile;
  // Looked at here, where nobody else of ours can be at it any more.
  const MountTable table = ReadMountTable();
  for (const ContentMount& present : BuildContentTree(table, profile).mounts)
    if (IsSameMount(task.mount, present.recorded)) return {};
  const auto there = static_cast<size_t>(
      std::count_if(table.mounts.begin(), table.mounts.end(),
                    [&](const Mount& mount) { return mount.target == task.mount.target; }));
  if (there > task.below) return Error(EBUSY, "something else is mounted there");
  if (const int error = MakePlace(task.mount); error != 0)
    return Error(error, fmt::format("make the directory: {}", std::strerror(error)));
  ChildResult result = MakeMount(task.mount, profile);
  if (result.error != 0) return result;
  for (const unsigned long propagation : PropagationFlagsOf(task.mount)) {
    if (::mount(nullptr, task.mount.target.c_str(), nullptr, propagation, nullptr) == 0) continue;
    const int error = errno;
    return Error(error, fmt::format("set its propagation: {}", std::strerror(error)));
  }
  return {};
}

ChildResult DoInChild(const ReadDirectory& task) {
  DIR* directory = opendir(task.target.c_str());
  int error = errno;
  if (directory == nullptr) return Error(error, std::strerror(error));
  errno = 0;
  readdir(directory);
  error = errno;
  closedir(directory);
  return Error(error, error == 0 ? "" : std::strerror(error));
}

ChildResult DoInChild(const RunHook& task) {
  return RunProgram(task.hook.argv, task.hook.deadline);
}

}  // namespace muster
