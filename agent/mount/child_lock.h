// The file locks of children: one for each thing that is worked on, held for as long as a child is at it, whichever agent began it. Any thread.
#pragma once

#include <string>

#include "agent/mount/child_task.h"
#include "common/unique_fd.h"

namespace muster {

// The lock for `what`, or none with errno: EWOULDBLOCK if it is held. The directory is made if it is missing.
UniqueFd TakeLock(const std::string& directory, const std::string& what);

// As FindHung: what is locked now. A directory that is not there has no locks.
ChildResult FindLocked(const std::string& directory);

}  // namespace muster
