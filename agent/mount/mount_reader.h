// Reads the table of mounts. From /proc and /sys alone: no file system is touched, since one that hangs would take the agent with it.
#pragma once

#include <string>

#include "agent/mount/content_tree.h"

namespace muster {

// Of this process's mount namespace. What cannot be read is missing from it.
MountTable ReadMountTable();
// Of the namespace of process `pid`; empty if that is gone.
MountTable ReadMountTableOf(int pid);

// The text of a file in /proc or /sys, without the newline at its end; empty if it cannot be read.
std::string ReadSmallFile(const std::string& path);

}  // namespace muster
