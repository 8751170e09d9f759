// mount_bench - what it costs a node to find out what of its mounts is content, and what is to be unmounted in which order: reading the text of
// /proc/self/mountinfo, and the tree. Prints milliseconds; the median of several runs.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "agent/mount/content_tree.h"

namespace muster {
namespace {

constexpr int kRuns = 21;

// `count` mounts, of which four in five are content: images of CPS, the squashfs in each, an overlay over it, and a bind into that; and one is
// something else.
std::string TableOf(int count, MountTable* table) {
  std::string text = "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n";
  const std::string servers(700, 'x');
  for (int i = 0; i < count / 5; ++i) {
    const int id = 10 + 5 * i;
    text += fmt::format(
        "{} 1 0:{} / /var/images/{} ro,relatime shared:{} - dvs "
        "/var/lib/cps-local/{:032x} ro,blksize=524288,nodename={}\n",
        id, id, i, id, i, servers);
    text += fmt::format("{} 1 7:{} / /var/sq/{} ro,relatime shared:{} - squashfs /dev/loop{} ro\n",
                        id + 1, i, i, id + 1, i);
    text += fmt::format(
        "{} 1 0:{} / /opt/{} rw,relatime shared:{} - overlay overlay "
        "rw,lowerdir=/var/sq/{},upperdir=/run/{}/up,workdir=/run/{}/work\n",
        id + 2, id + 2, i, id + 2, i, i, i);
    text += fmt::format(
        "{} 1 0:{} /bin /usr/local/{} rw,relatime shared:{} - overlay overlay "
        "rw,lowerdir=/var/sq/{}\n",
        id + 3, id + 2, i, id + 2, i);
    text += fmt::format("{} 1 0:{} / /run/user/{} rw,relatime shared:{} - tmpfs tmpfs rw\n", id + 4,
                        id + 4, i, id + 4);
    table->loop_files[fmt::format("7:{}", i)] = fmt::format("/var/images/{}/rootfs", i);
  }
  return text;
}

double MedianOf(int count, size_t* content) {
  MountTable table;
  const std::string text = TableOf(count, &table);
  const ContentProfile profile;
  std::vector<double> times;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    table.mounts = ParseMountinfo(text);
    *content = BuildContentTree(table, profile).mounts.size();
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  std::nth_element(times.begin(), times.begin() + kRuns / 2, times.end());
  return times[kRuns / 2];
}

void Run() {
  for (const int count : {50, 500, 5000}) {
    size_t content = 0;
    const double time = MedianOf(count, &content);
    fmt::print("{} mounts, {} of them content: planned in {:.2f} ms\n", count, content, time);
  }
}

}  // namespace
}  // namespace muster

int main() { muster::Run(); }
