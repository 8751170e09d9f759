// Tables of mounts as tests write them.
#pragma once

#include <string>

#include "agent/mount/content_tree.h"

namespace muster {

inline constexpr char kArtifact[] = "/var/lib/cps-local/0dbb42538e05485de6f433a28c19e200";
inline constexpr char kOtherArtifact[] = "/var/lib/cps-local/ffbb42538e05485de6f433a28c19e2aa";

// A node with an image of CPS, the squashfs in it, an overlay of that, and a bind of the overlay; beside them what every node has, and a
// file system that DVS projects from elsewhere.
inline const char kClientTable[] =
    "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "2 1 0:20 / /proc rw shared:2 - proc proc rw\n"
    "3 1 0:21 / /run rw shared:3 - tmpfs tmpfs rw,size=10k\n"
    "4 1 0:41 / /var/images/pe ro,relatime shared:4 - dvs "
    "/var/lib/cps-local/0dbb42538e05485de6f433a28c19e200 "
    "ro,blksize=524288,statsfile=/sys/kernel/debug/dvs/mounts/1/"
    "stats,nodename=x3000c0s6b0n0:x3000c0s5b0n0\n"
    "5 1 7:0 / /var/pe ro,relatime shared:5 - squashfs /dev/loop0 ro,errors=continue\n"
    "6 1 0:42 / /opt/cray/pe rw,relatime shared:6 - overlay overlay "
    "rw,lowerdir=/var/pe,upperdir=/run/pe/up,workdir=/run/pe/work\n"
    "7 1 0:42 /bin /usr/local/pe rw,nosuid,relatime shared:7 master:1 - overlay overlay "
    "rw,lowerdir=/var/pe,upperdir=/run/pe/up,workdir=/run/pe/work\n"
    "8 1 0:43 / /lus/home rw,relatime shared:8 - dvs /lus/home rw,blksize=1\n";

inline MountTable TableOf(const std::string& mountinfo) {
  return {ParseMountinfo(mountinfo), {{"7:0", "/var/images/pe/rootfs"}}, "quiet root=live:LABEL=x"};
}

}  // namespace muster
