// Theory of operation.
//
// Every mount has edges to the mounts that it needs: its parent, those on which its loop file or overlay layers lie, and the first mount of
// its file system, if it is another one of it. What can be reached from projected content against these edges is content or lies on it;
// its order is a topological one.
//
// A path lies on the mount that is found by walking down from the root through mounts whose parents are those walked through: so a mount
// that is covered by a later one is not mistaken for what is seen there.
#include "agent/mount/content_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/ascii.h"
#include "common/utf8.h"

namespace muster {
namespace {

constexpr size_t kArtifactDigits = 32;
constexpr std::string_view kCpsRoot = "root=craycps-s3:";
constexpr std::string_view kSbpsRoot = "root=sbps-s3:";
// Where the initrd of a node that boots from CPS has its root image.
constexpr std::string_view kInitrdImage = "/tmp/cps/rootfs";
constexpr std::string_view kDeleted = " (deleted)";
// mount(2) takes one page of options.
constexpr size_t kMaxOptions = 4095;

constexpr size_t kNone = static_cast<size_t>(-1);

bool Contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// The last one on the command line counts, as for the kernel.
std::string_view RootOption(std::string_view command_line) {
  std::string_view root;
  while (!command_line.empty()) {
    const size_t end = std::min(command_line.find_first_of(" \t\n"), command_line.size());
    const std::string_view word = command_line.substr(0, end);
    if (word.starts_with("root=")) root = word;
    command_line.remove_prefix(std::min(end + 1, command_line.size()));
  }
  return root;
}

// "/a:/b" of an overlay; a colon in a path is escaped with a backslash, and so is a backslash.
std::vector<std::string> SplitLayers(const std::string& value) {
  std::vector<std::string> layers(1);
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) {
      layers.back() += value[++i];
    } else if (value[i] == ':') {
      layers.emplace_back();
    } else {
      layers.back() += value[i];
    }
  }
  return layers;
}

std::vector<std::string> LayersOf(const Mount& overlay) {
  std::vector<std::string> layers;
  for (const char* name : {"lowerdir", "lowerdir+", "datadir+"}) {
    for (const std::string& value : OptionValues(overlay.super_options, name)) {
      for (std::string& layer : SplitLayers(value)) layers.push_back(std::move(layer));
    }
  }
  for (const char* name : {"upperdir", "workdir"}) {
    for (std::string& value : OptionValues(overlay.super_options, name))
      layers.push_back(std::move(value));
  }
  return layers;
}

// `path` below `directory`, as seen where `directory` is `target`; empty if it is not below it.
std::string Rebase(const std::string& path, const std::string& directory,
                   const std::string& target) {
  const std::string prefix = directory == "/" ? "" : directory;
  if (path != directory && !path.starts_with(prefix + "/")) return "";
  std::string rest = path == directory ? "" : path.substr(prefix.size());
  if (target == "/") return rest.empty() ? "/" : rest;
  return target + rest;
}

std::string PropagationOf(const Mount& mount) {
  std::string text;
  const auto add = [&text](const char* word) {
    text += text.empty() ? word : fmt::format(" {}", word);
  };
  for (const std::string_view field : Split(mount.propagation, ' ')) {
    if (field.starts_with("shared:")) add("shared");
    if (field.starts_with("master:")) add("slave");
    if (field == "unbindable") add("unbindable");
  }
  return text.empty() ? "private" : text;
}

class TreeBuilder {
 public:
  TreeBuilder(const MountTable& table, const ContentProfile& profile)
      : mounts_(table.mounts),
        table_(table),
        profile_(profile),
        needs_(mounts_.size()),
        is_content_(mounts_.size()) {
    FindPlaces();
    FindOrigins();
    for (size_t i = 0; i < mounts_.size(); ++i) AddNeeds(i);
  }

  ContentTree Build() {
    ContentTree tree;
    const std::string_view root = RootOption(table_.kernel_command_line);
    tree.has_sbps_root = root.starts_with(kSbpsRoot);
    FindContent(&tree);
    if (tree.root_on_content.empty()) tree.root_on_content = RootFromBoot();
    std::unordered_map<size_t, size_t> place_in_tree;
    for (const size_t i : Order()) {
      place_in_tree.emplace(i, tree.mounts.size());
      ContentMount mount{Recorded(i), mounts_[i].id, mounts_[i].device, {}};
      for (const size_t other : needs_[i]) {
        const auto place = place_in_tree.find(other);
        if (place != place_in_tree.end()) mount.needs.push_back(place->second);
      }
      const std::string trouble = TroubleWith(i, mount.recorded);
      if (!trouble.empty()) tree.in_the_way.push_back(trouble);
      tree.mounts.push_back(std::move(mount));
    }
    return tree;
  }

 private:
  static std::string Place(int parent, std::string_view target) {
    return fmt::format("{}:{}", parent, target);
  }

  void FindPlaces() {
    for (size_t i = 0; i < mounts_.size(); ++i) by_id_.emplace(mounts_[i].id, i);
    for (size_t i = 0; i < mounts_.size(); ++i) {
      const Mount& mount = mounts_[i];
      const bool has_parent = mount.parent != mount.id && by_id_.contains(mount.parent);
      if (has_parent) by_place_.emplace(Place(mount.parent, mount.target), i);
      if (!has_parent && mount.target == "/" && root_ == kNone) root_ = i;
    }
    if (root_ != kNone) root_ = TopAt(root_, "/");
  }

  // What is mounted on `mount` at `place`, and on that, and so on.
  size_t TopAt(size_t mount, std::string_view place) const {
    // Each step goes to another mount, so there are no more steps than mounts, however the table lies.
    for (size_t steps = 0; steps < mounts_.size(); ++steps) {
      const auto next = by_place_.find(Place(mounts_[mount].id, place));
      if (next == by_place_.end()) break;
      mount = next->second;
    }
    return mount;
  }

  // The mount that `path` lies on.
  size_t Resolve(const std::string& path) const {
    if (root_ == kNone || !path.starts_with('/')) return kNone;
    size_t mount = root_;
    for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1))
      mount = TopAt(mount, std::string_view(path).substr(0, end));
    return TopAt(mount, path);
  }

  // The first mount of each file system, of those that show most of it.
  void FindOrigins() {
    for (size_t i = 0; i < mounts_.size(); ++i) {
      const auto [it, is_new] = origins_.emplace(mounts_[i].device, i);
      if (!is_new && mounts_[i].root.size() < mounts_[it->second].root.size()) it->second = i;
    }
  }

  bool IsOrigin(size_t i) const { return origins_.at(mounts_[i].device) == i; }

  void AddNeeds(size_t i) {
    const Mount& mount = mounts_[i];
    const auto need = [this, i](size_t other) {
      if (other != kNone && other != i) needs_[i].push_back(other);
    };
    const auto parent = by_id_.find(mount.parent);
    if (parent != by_id_.end()) need(parent->second);
    if (!IsOrigin(i)) return need(origins_.at(mount.device));
    const auto loop = table_.loop_files.find(mount.device);
    if (loop != table_.loop_files.end()) need(Resolve(loop->second));
    if (mount.fstype == "overlay") {
      for (const std::string& layer : LayersOf(mount)) need(Resolve(layer));
    }
  }

  void FindContent(ContentTree* tree) {
    std::vector<std::vector<size_t>> needed_by(mounts_.size());
    for (size_t i = 0; i < mounts_.size(); ++i)
      for (const size_t other : needs_[i]) needed_by[other].push_back(i);
    std::vector<size_t> open;
    const auto add = [&](size_t i) {
      if (is_content_[i]) return;
      if (i == root_) {
        tree->root_on_content =
            fmt::format("the root file system ({}) lies on it", mounts_[i].fstype);
        return;
      }
      is_content_[i] = true;
      open.push_back(i);
    };
    for (size_t i = 0; i < mounts_.size(); ++i)
      if (IsProjected(mounts_[i], profile_)) add(i);
    while (!open.empty()) {
      const size_t next = open.back();
      open.pop_back();
      for (const size_t other : needed_by[next]) add(other);
    }
    for (size_t i = 0; i < mounts_.size(); ++i) {
      const Mount& mount = mounts_[i];
      if (!is_content_[i] && Contains(profile_.types, mount.fstype))
        tree->foreign.push_back(mount.target);
    }
  }

  std::string RootFromBoot() const {
    if (IsRootProjected(table_.kernel_command_line))
      return fmt::format("it was booted with {}", RootOption(table_.kernel_command_line));
    for (const auto& [device, file] : table_.loop_files) {
      if (file.starts_with(kInitrdImage))
        return fmt::format("loop device {} has the image of the initrd, {}", device, file);
    }
    return "";
  }

  // Of content: each after those that it needs, and else as in the table.
  std::vector<size_t> Order() const {
    std::vector<size_t> missing(mounts_.size());
    std::vector<std::vector<size_t>> needed_by(mounts_.size());
    std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
    for (size_t i = 0; i < mounts_.size(); ++i) {
      if (!is_content_[i]) continue;
      for (const size_t other : needs_[i]) {
        if (!is_content_[other]) continue;
        ++missing[i];
        needed_by[other].push_back(i);
      }
      if (missing[i] == 0) ready.push(i);
    }
    std::vector<size_t> order;
    std::vector<bool> is_ordered(mounts_.size());
    while (!ready.empty()) {
      const size_t next = ready.top();
      ready.pop();
      order.push_back(next);
      is_ordered[next] = true;
      for (const size_t other : needed_by[next])
        if (--missing[other] == 0) ready.push(other);
    }
    // A table in which mounts need each other is none that a kernel has made; nothing is left out all the same.
    for (size_t i = 0; i < mounts_.size(); ++i)
      if (is_content_[i] && !is_ordered[i]) order.push_back(i);
    return order;
  }

  RecordedMount Recorded(size_t i) const {
    const Mount& mount = mounts_[i];
    const auto parent = by_id_.find(mount.parent);
    RecordedMount recorded{
        MountKind::kUnspecified, mount.fstype,        mount.source,         mount.target,
        mount.options,           mount.super_options, PropagationOf(mount), false};
    recorded.is_stacked = parent != by_id_.end() && !is_content_[parent->second] &&
                          mounts_[parent->second].target == mount.target;
    const auto loop = table_.loop_files.find(mount.device);
    if (!IsOrigin(i)) {
      const Mount& origin = mounts_[origins_.at(mount.device)];
      const std::string source = Rebase(mount.root, origin.root, origin.target);
      if (source.empty()) return recorded;
      recorded.kind = MountKind::kBind;
      recorded.source = source;
    } else if (mount.root != "/") {
      return recorded;  // of a file system of which the rest is not mounted
    } else if (IsProjected(mount, profile_)) {
      recorded.kind = MountKind::kProjected;
    } else if (loop != table_.loop_files.end() && Contains(profile_.loop_types, mount.fstype)) {
      recorded.kind = MountKind::kLoop;
      recorded.source = loop->second;
    } else if (mount.fstype == "overlay") {
      recorded.kind = MountKind::kOverlay;
    }
    return recorded;
  }

  // Why it cannot be brought back; empty if it can.
  std::string TroubleWith(size_t i, const RecordedMount& recorded) const {
    const Mount& mount = mounts_[i];
    if (recorded.kind == MountKind::kUnspecified) {
      return fmt::format(
          "{} ({}) is mounted on content, and is nothing that could be mounted again", mount.target,
          mount.fstype);
    }
    if (!IsUtf8(mount.target) || !IsUtf8(recorded.source) || !IsUtf8(mount.super_options))
      return fmt::format("the names of {} are not UTF-8, so they cannot be recorded", mount.target);
    if (recorded.kind == MountKind::kLoop && recorded.source.ends_with(kPartOfFile))
      return fmt::format("{} is of {}", mount.target, recorded.source);
    if (recorded.kind == MountKind::kLoop && recorded.source.ends_with(kDeleted))
      return fmt::format("the file of {}, {}, is deleted", mount.target, recorded.source);
    if (recorded.kind != MountKind::kProjected && recorded.super_options.size() > kMaxOptions)
      return fmt::format("the options of {} are longer than mount(2) takes", mount.target);
    return "";
  }

  const std::vector<Mount>& mounts_;
  const MountTable& table_;
  const ContentProfile& profile_;
  std::unordered_map<int, size_t> by_id_;
  std::unordered_map<std::string, size_t> by_place_;
  std::unordered_map<std::string, size_t> origins_;  // by device
  size_t root_ = kNone;
  std::vector<std::vector<size_t>> needs_;
  std::vector<bool> is_content_;
};

}  // namespace

ContentRecord ContentTree::Record() const {
  ContentRecord record;
  for (const ContentMount& mount : mounts) record.mounts.push_back(mount.recorded);
  return record;
}

ContentTree BuildContentTree(const MountTable& table, const ContentProfile& profile) {
  return TreeBuilder(table, profile).Build();
}

bool IsProjected(const Mount& mount, const ContentProfile& profile) {
  if (!Contains(profile.types, mount.fstype)) return false;
  const std::string& source = mount.source;
  for (const std::string& prefix : profile.sources) {
    if (!source.starts_with(prefix) || source.size() < prefix.size() + kArtifactDigits) continue;
    const std::string_view artifact =
        std::string_view(source).substr(prefix.size(), kArtifactDigits);
    const size_t end = prefix.size() + kArtifactDigits;
    if (std::all_of(artifact.begin(), artifact.end(), IsHexDigit) &&
        (source.size() == end || source[end] == '/')) {
      return true;
    }
  }
  return false;
}

bool IsRootProjected(const std::string& kernel_command_line) {
  const std::string_view root = RootOption(kernel_command_line);
  if (!root.starts_with(kCpsRoot)) return false;
  // From the right, for the gateway may have a port: "…:<timeout>:<interfaces>:<ramroot>", and the timeout alone is a number for sure.
  const std::vector<std::string_view> parts = Split(root, ':');
  const size_t n = parts.size();
  const bool has_ramroot = n >= 3 && IsNumber(parts[n - 3]) && !IsNumber(parts[n - 2]);
  return !has_ramroot || parts[n - 1] == "0";
}

std::vector<MountedContent> ProjectedMounts(const MountTable& table,
                                            const ContentProfile& profile) {
  std::vector<MountedContent> projected;
  for (const Mount& mount : table.mounts) {
    if (projected.size() == kMaxContentMounts) break;
    if (IsProjected(mount, profile) && IsUtf8(mount.source) && IsUtf8(mount.target))
      projected.push_back({mount.source, mount.target, mount.fstype});
  }
  return projected;
}

}  // namespace muster
