#include "agent/mount/mount_reader.h"

#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

namespace muster {
namespace {

constexpr char kBlockDevices[] = "/sys/block";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<std::string, std::string> ReadLoopFiles() {
  std::map<std::string, std::string> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(kBlockDevices), closedir);
  if (directory == nullptr) return files;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with("loop")) continue;
    const std::string path = fmt::format("{}/{}", kBlockDevices, name);
    std::string file = ReadSmallFile(path + "/loop/backing_file");
    if (file.empty()) continue;
    const bool is_whole = ReadSmallFile(path + "/loop/offset") == "0" &&
                          ReadSmallFile(path + "/loop/sizelimit") == "0";
    if (!is_whole) file += kPartOfFile;
    files.emplace(ReadSmallFile(path + "/dev"), std::move(file));
  }
  return files;
}

}  // namespace

std::string ReadSmallFile(const std::string& path) {
  std::string text = ReadAll(path);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

MountTable ReadMountTable() {
  return {ParseMountinfo(ReadAll("/proc/self/mountinfo")), ReadLoopFiles(),
          ReadSmallFile("/proc/cmdline")};
}

MountTable ReadMountTableOf(int pid) {
  return {ParseMountinfo(ReadAll(fmt::format("/proc/{}/mountinfo", pid))), {}, {}};
}

}  // namespace muster
