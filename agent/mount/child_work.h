// What the children do. Called in a process of its own that ends with the call: these block, and may never return. See child_task.h.
#pragma once

#include "agent/mount/child_task.h"

namespace muster {

ChildResult DoInChild(const UnmountOne& task);
ChildResult DoInChild(const MountOne& task);
ChildResult DoInChild(const ReadDirectory& task);
ChildResult DoInChild(const FindUsers& task);
ChildResult DoInChild(const RunHook& task);
// The pool itself does it.
inline ChildResult DoInChild(const FindHung&) { return {}; }

}  // namespace muster
