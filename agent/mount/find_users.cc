// Who keeps content from being unmounted, from /proc. A process is found by the mounts that its files are on (the mnt_id of
// /proc/PID/fdinfo, which no file system is asked for) rather than by paths, which mean something else in another namespace.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "agent/mount/child_work.h"
#include "agent/mount/content_tree.h"
#include "agent/mount/mount_reader.h"
#include "common/ascii.h"
#include "common/unique_fd.h"

namespace muster {
namespace {

// More are only counted.
constexpr size_t kMaxUsers = 10;

void ForEachEntry(const std::string& path, const std::function<void(const std::string&)>& visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory.get()))
    if (entry->d_name[0] != '.') visit(entry->d_name);
}

std::string ReadLink(const std::string& path) {
  char text[PATH_MAX];
  const ssize_t n = readlink(path.c_str(), text, sizeof(text));
  return n > 0 ? std::string(text, static_cast<size_t>(n)) : "";
}

// The value of "key:\tvalue" in a file of such lines.
std::string FieldOf(const std::string& path, const std::string& key) {
  std::istringstream lines(ReadSmallFile(path));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key + ":")) continue;
    const size_t value = line.find_first_not_of(" \t", key.size() + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

// "1234 (python3, uid 1000, foo.service)".
std::string ProcessText(const std::string& pid) {
  const std::string directory = "/proc/" + pid;
  const std::string uids = FieldOf(directory + "/status", "Uid");
  const std::string group = ReadSmallFile(directory + "/cgroup");
  const std::string unit = group.substr(group.rfind('/') + 1);
  const bool is_unit = unit.ends_with(".service") || unit.ends_with(".scope");
  return fmt::format("process {} ({}, uid {}{}{})", pid, ReadSmallFile(directory + "/comm"),
                     uids.substr(0, uids.find('\t')), is_unit ? ", " : "", is_unit ? unit : "");
}

class UserSearch {
 public:
  explicit UserSearch(const FindUsers& task)
      : devices_(task.devices.begin(), task.devices.end()),
        profile_(*task.profile),
        own_namespace_(ReadLink("/proc/self/ns/mnt")),
        own_table_(ReadMountTable()) {
    for (const Mount& mount : own_table_.mounts) own_devices_.insert(mount.device);
  }

  std::string Run() {
    ForEachEntry("/proc", [this](const std::string& name) {
      if (std::all_of(name.begin(), name.end(), [](char c) { return IsDigit(c); })) LookAt(name);
    });
    if (!devices_.empty()) LookAtLoops();
    std::string text;
    for (const std::string& user : users_) text += (text.empty() ? "" : "; ") + user;
    if (more_ > 0) text += fmt::format("; and {} more", more_);
    return text;
  }

 private:
  // A mount namespace: which file system each of its mounts is of, and the target of a mount of content that is in it and not in ours.
  struct Namespace {
    std::map<std::string, std::string> device_of_id;
    std::string content;
  };

  void Add(std::string user) {
    if (users_.size() < kMaxUsers) {
      users_.push_back(std::move(user));
    } else {
      ++more_;
    }
  }

  void LookAt(const std::string& pid) {
    const std::string id = ReadLink("/proc/" + pid + "/ns/mnt");
    if (id.empty()) return;  // it has ended, or is none of ours to see
    const auto [found, is_new] = namespaces_.try_emplace(id);
    Namespace& mounts = found->second;
    if (is_new) Read(pid, &mounts);
    // It ended meanwhile; the next process of that namespace is asked.
    if (mounts.device_of_id.empty()) {
      namespaces_.erase(found);
      return;
    }
    if (is_new && id != own_namespace_ && !mounts.content.empty()) {
      Add(fmt::format("{} has a mount namespace of its own, in which {} is still mounted",
                      ProcessText(pid), mounts.content));
    }
    if (devices_.empty()) return;
    if (const std::string use = UseBy(pid, mounts); !use.empty())
      Add(fmt::format("{} has {}", ProcessText(pid), use));
  }

  void Read(const std::string& pid, Namespace* mounts) const {
    MountTable table = ReadMountTableOf(std::stoi(pid));
    for (const Mount& mount : table.mounts)
      mounts->device_of_id.emplace(std::to_string(mount.id), mount.device);
    table.loop_files = own_table_.loop_files;
    for (const ContentMount& mount : BuildContentTree(table, profile_).mounts)
      if (mounts->content.empty() && !own_devices_.contains(mount.device))
        mounts->content = mount.recorded.target;
  }

  bool IsOnContent(const std::string& fdinfo, const Namespace& mounts) const {
    const auto device = mounts.device_of_id.find(FieldOf(fdinfo, "mnt_id"));
    return device != mounts.device_of_id.end() && devices_.contains(device->second);
  }

  // "its working directory on it"; empty if it has nothing there.
  std::string UseBy(const std::string& pid, const Namespace& mounts) const {
    const std::string directory = "/proc/" + pid;
    for (const auto& [link, what] : {std::pair{"/cwd", "its working directory there"},
                                     std::pair{"/root", "its root directory there"}}) {
      const UniqueFd fd(open((directory + link).c_str(), O_PATH | O_CLOEXEC));
      if (fd.is_open() && IsOnContent(fmt::format("/proc/self/fdinfo/{}", fd.get()), mounts))
        return what;
    }
    std::string use;
    ForEachEntry(directory + "/fdinfo", [&](const std::string& fd) {
      if (use.empty() && IsOnContent(directory + "/fdinfo/" + fd, mounts))
        use = fmt::format("{} open", ReadLink(directory + "/fd/" + fd));
    });
    return use.empty() ? MappingBy(directory) : use;
  }

  // "address perms offset dev inode path", where dev is in hexadecimal; see proc_pid_maps(5).
  std::string MappingBy(const std::string& directory) const {
    std::istringstream lines(ReadSmallFile(directory + "/maps"));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string address, permissions, offset, device, inode, path;
      words >> address >> permissions >> offset >> device >> inode >> path;
      unsigned major_number = 0, minor_number = 0;
      if (std::sscanf(device.c_str(), "%x:%x", &major_number, &minor_number) == 2 &&
          devices_.contains(fmt::format("{}:{}", major_number, minor_number)))
        return fmt::format("{} mapped", path);
    }
    return "";
  }

  // A loop device that nobody has mounted keeps the file system of its file busy, too. Its path says nothing, for it may be that of another
  // namespace; the file's device does.
  void LookAtLoops() {
    ForEachEntry("/sys/block", [this](const std::string& name) {
      if (!name.starts_with("loop")) return;
      const std::string file = ReadSmallFile("/sys/block/" + name + "/loop/backing_file");
      // One that is mounted here goes with its mount.
      if (file.empty() || own_devices_.contains(ReadSmallFile("/sys/block/" + name + "/dev")))
        return;
      const UniqueFd loop(open(("/dev/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
      loop_info64 info{};
      if (!loop.is_open() || ioctl(loop.get(), LOOP_GET_STATUS64, &info) != 0) return;
      const dev_t device = info.lo_device;
      if (devices_.contains(fmt::format("{}:{}", major(device), minor(device))))
        Add(fmt::format("loop device /dev/{} has {}", name, file));
    });
  }

  const std::set<std::string> devices_;
  const ContentProfile& profile_;
  const std::string own_namespace_;
  const MountTable own_table_;
  std::set<std::string> own_devices_;
  std::map<std::string, Namespace> namespaces_;
  std::vector<std::string> users_;
  size_t more_ = 0;
};

}  // namespace

ChildResult DoInChild(const FindUsers& task) { return {0, false, UserSearch(task).Run()}; }

}  // namespace muster
