// A table of mounts as a kernel would give it, or would not. Whatever it says: what is content is found once, each after what it needs, and
// only mounts that stand in the table.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "agent/mount/content_tree.h"
#include "agent/mount/mount_options.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

void CheckMount(const ContentTree& tree, size_t i, const std::set<int>& ids) {
  const ContentMount& mount = tree.mounts[i];
  Require(ids.contains(mount.id), "a mount of the table");
  Require(IsSameMount(mount.recorded, mount.recorded), "each is itself", mount.recorded.target);
  for (const size_t needed : mount.needs) Require(needed < i, "what is needed comes before");
  FlagsOf(mount.recorded);
  PropagationFlagsOf(mount.recorded);
  DataOf(mount.recorded);
  Require(!HelperCall(mount.recorded, ContentProfile()).empty(), "there is a program to call");
}

// The first line is the kernel command line, the second the file of loop device 7:0; the table follows.
void Check(const std::string& text) {
  const size_t first = std::min(text.find('\n'), text.size());
  const size_t second = std::min(text.find('\n', first + 1), text.size());
  MountTable table;
  table.kernel_command_line = text.substr(0, first);
  if (first < text.size()) table.loop_files["7:0"] = text.substr(first + 1, second - first - 1);
  if (second < text.size()) table.mounts = ParseMountinfo(text.substr(second + 1));
  std::set<int> ids;
  for (const Mount& mount : table.mounts) ids.insert(mount.id);
  const ContentTree tree = BuildContentTree(table, ContentProfile());
  for (size_t i = 0; i < tree.mounts.size(); ++i) CheckMount(tree, i, ids);
  Require(tree.mounts.size() <= table.mounts.size(), "no more than there are");
  Require(SizeOf(tree.Record()) >= tree.mounts.size(), "each takes room");
  ProjectedMounts(table, ContentProfile());
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
