// Which projected content (CPS) is mounted on this node, from the kernel's own table; no file system is ever touched for it, since one that
// hangs would take the agent with it. Loop thread; reads /proc, which does not block.
#pragma once

#include <string>
#include <vector>

#include "common/messages.h"

namespace muster {

// More are not reported. A node with all of a product's content mounted has some dozens.
inline constexpr size_t kMaxContentMounts = 500;

// Of a text in the format of proc_pid_mountinfo(5): mounts of type "dvs" whose source is /var/lib/cps-local/ and the 32 hexadecimal
// digits of an artifact. Lines that are not of that format are passed over. In the order of the table.
std::vector<MountedContent> ParseContentMounts(const std::string& mountinfo);

// Of this process's mount namespace; nothing if /proc cannot be read.
std::vector<MountedContent> ReadContentMounts();

}  // namespace muster
