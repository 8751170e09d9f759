// What the children do. Called in a process of its own that ends with the call: these block, and may never return. See child_task.h.
#pragma once

#include "agent/mount/child_task.h"
#include "agent/mount/content_profile.h"

namespace muster {

ChildResult DoInChild(const UnmountOne& task, const ContentProfile& profile);
ChildResult DoInChild(const MountOne& task, const ContentProfile& profile);
ChildResult DoInChild(const ReadDirectory& task, const ContentProfile& profile);
ChildResult DoInChild(const FindUsers& task, const ContentProfile& profile);
ChildResult DoInChild(const RunHook& task, const ContentProfile& profile);
// The pool itself does it.
inline ChildResult DoInChild(const FindHung&, const ContentProfile&) { return {}; }

}  // namespace muster
