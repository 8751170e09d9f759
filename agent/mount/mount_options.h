// What of a recorded mount is passed to the kernel when it is made again, what is dropped, and what is compared. Pure; any thread.
//
//   kind       made by            passed                               dropped                            compared
//   projected  the mount helper   flags, options of the file system    those of the profile's             type, source, target, ro
//                                                                      dropped_options
//   loop       mount(2)           flags, "errors"                      all else: defaults that it shows   type, file, target, ro
//   overlay    mount(2)           flags, options of the file system    seclabel                           layers, target, ro
//   bind       mount(2)           flags                                options of the file system         directory, target, ro
//
// Flags are ro, nosuid, nodev, noexec, nodiratime and the atime modes. Propagation is set for all of them, and not compared: of a peer group
// nothing but its kind can be made again.
#pragma once

#include <string>
#include <vector>

#include "agent/mount/content_profile.h"
#include "common/content.h"

namespace muster {

// MS_* of mount(2), of the mount and of its file system.
unsigned long FlagsOf(const RecordedMount& mount);
// MS_* that set its propagation, one call each.
std::vector<unsigned long> PropagationFlagsOf(const RecordedMount& mount);
// The last argument of mount(2), for a loop or an overlay.
std::string DataOf(const RecordedMount& mount);
// The profile's mount helper for a projected mount.
std::vector<std::string> HelperCall(const RecordedMount& mount, const ContentProfile& profile);

// Whether one that is there is the one that was recorded.
bool IsSameMount(const RecordedMount& recorded, const RecordedMount& present);

}  // namespace muster
