#include "agent/mount/mount_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "agent/mount/mountinfo.h"

namespace muster {
namespace {

constexpr auto kFlags = std::to_array<std::pair<std::string_view, unsigned long>>({
    {"ro", MS_RDONLY},
    {"nosuid", MS_NOSUID},
    {"nodev", MS_NODEV},
    {"noexec", MS_NOEXEC},
    {"noatime", MS_NOATIME},
    {"nodiratime", MS_NODIRATIME},
    {"relatime", MS_RELATIME},
});

bool IsFlag(std::string_view option) {
  return option == "rw" || std::any_of(kFlags.begin(), kFlags.end(),
                                       [option](const auto& flag) { return flag.first == option; });
}

std::string_view NameOf(std::string_view option) { return option.substr(0, option.find('=')); }

bool IsReadOnly(const RecordedMount& mount) {
  return HasOption(mount.options, "ro") || HasOption(mount.super_options, "ro");
}

// The layers of an overlay, however this kernel shows them.
std::string LowerLayers(const RecordedMount& overlay) {
  std::vector<std::string> layers = OptionValues(overlay.super_options, "lowerdir");
  const std::vector<std::string> more = OptionValues(overlay.super_options, "lowerdir+");
  layers.insert(layers.end(), more.begin(), more.end());
  return fmt::format("{}", fmt::join(layers, ":"));
}

std::vector<std::string> LayersOf(const RecordedMount& overlay) {
  std::vector<std::string> layers{LowerLayers(overlay)};
  for (const char* name : {"upperdir", "workdir"})
    layers.push_back(fmt::format("{}", fmt::join(OptionValues(overlay.super_options, name), ":")));
  return layers;
}

// The word with each {name} replaced; what is put in is not looked at again.
std::string Filled(std::string_view word, const std::map<std::string_view, std::string>& values) {
  std::string filled;
  while (!word.empty()) {
    const auto value = std::find_if(values.begin(), values.end(), [word](const auto& entry) {
      return word.starts_with(entry.first);
    });
    if (value == values.end()) {
      filled += word.front();
      word.remove_prefix(1);
    } else {
      filled += value->second;
      word.remove_prefix(value->first.size());
    }
  }
  return filled;
}

}  // namespace

unsigned long FlagsOf(const RecordedMount& mount) {
  unsigned long flags = 0;
  for (const auto& [name, flag] : kFlags) {
    if (HasOption(mount.options, name)) flags |= flag;
  }
  // Of the file system: it cannot be mounted for writing at all. A bind has its own.
  if (mount.kind != MountKind::kBind && HasOption(mount.super_options, "ro")) flags |= MS_RDONLY;
  // What the table shows for strictatime is none of the three.
  constexpr unsigned long kAtime = MS_NOATIME | MS_RELATIME;
  return (flags & kAtime) == 0 ? flags | MS_STRICTATIME : flags;
}

std::vector<unsigned long> PropagationFlagsOf(const RecordedMount& mount) {
  if (mount.propagation == "shared") return {MS_SHARED};
  if (mount.propagation == "slave") return {MS_SLAVE};
  if (mount.propagation == "shared slave") return {MS_SLAVE, MS_SHARED};
  if (mount.propagation == "unbindable") return {MS_UNBINDABLE};
  return {MS_PRIVATE};
}

std::string DataOf(const RecordedMount& mount) {
  std::vector<std::string> passed;
  const bool is_overlay = mount.kind == MountKind::kOverlay;
  if (is_overlay) passed.push_back("lowerdir=" + LowerLayers(mount));
  for (std::string& option : SplitOptions(mount.super_options)) {
    const std::string_view name = NameOf(option);
    if (IsFlag(option) || name.starts_with("lowerdir")) continue;
    if (is_overlay ? option == "seclabel" : name != "errors") continue;
    passed.push_back(std::move(option));
  }
  return fmt::format("{}", fmt::join(passed, ","));
}

std::vector<std::string> HelperCall(const RecordedMount& mount, const ContentProfile& profile) {
  // What cannot be written to as a mount or as a file system is neither; what the table shows for both would contradict itself.
  std::vector<std::string> options{IsReadOnly(mount) ? "ro" : "rw"};
  for (const std::string& all : {mount.options, mount.super_options}) {
    for (std::string& option : SplitOptions(all)) {
      if (option == "ro" || option == "rw") continue;
      const auto& dropped = profile.dropped_options;
      if (std::find(dropped.begin(), dropped.end(), NameOf(option)) != dropped.end()) continue;
      if (std::find(options.begin(), options.end(), option) != options.end()) continue;
      options.push_back(std::move(option));
    }
  }
  const std::map<std::string_view, std::string> values{
      {"{fstype}", mount.fstype},
      {"{options}", fmt::format("{}", fmt::join(options, ","))},
      {"{source}", mount.source},
      {"{target}", mount.target}};
  std::vector<std::string> argv;
  for (const std::string& word : profile.mount_helper) argv.push_back(Filled(word, values));
  return argv;
}

bool IsSameMount(const RecordedMount& recorded, const RecordedMount& present) {
  if (recorded.kind != present.kind || recorded.fstype != present.fstype ||
      recorded.target != present.target || IsReadOnly(recorded) != IsReadOnly(present)) {
    return false;
  }
  if (recorded.kind == MountKind::kOverlay) return LayersOf(recorded) == LayersOf(present);
  return recorded.source == present.source;
}

}  // namespace muster
