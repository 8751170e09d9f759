// What is done in a child process, because it may hang or touches a file system that may. Plain data.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "agent/mount/content_profile.h"
#include "common/content.h"
#include "common/time.h"

namespace muster {

// umount2(2) of what is on top at the target, if that is still mount `id`; and then frees the loop device, if it had one that does not
// free itself. EAGAIN: another mount is there by now.
struct UnmountOne {
  int id = 0;
  std::string target;
  std::string loop_device;  // "major:minor"; empty if it is none
  std::string loop_file;
  bool is_lazy = false;    // MNT_DETACH
  bool is_forced = false;  // MNT_FORCE
};

// Makes the target's directory if it is missing, mounts, and sets the propagation. Nothing if it is there already; EBUSY if more than
// `below` mounts are at the target: something that is not ours, or what came of an earlier try and is not what it should be.
struct MountOne {
  RecordedMount mount;
  size_t below = 0;
  // How content is mounted, as it was when the attempt began; never null.
  std::shared_ptr<const ContentProfile> profile;
};

// Opens the directory and reads from it once.
struct ReadDirectory {
  std::string target;
};

// Who keeps content from being unmounted: processes that have a file, a directory or a mapping of these file systems, loop devices whose
// file is on them, and processes whose mount namespace, another one, still has any content. The text is empty if there is nobody.
struct FindUsers {
  std::vector<std::string>
      devices;  // "major:minor"; none: mount namespaces are looked for, else all but these
  // What counts as content, as it did when the attempt began; never null.
  std::shared_ptr<const ContentProfile> profile;
};

// A hook of the profile. The text is the end of what it wrote; the error is 0, or ECANCELED if its exit code was not 0, or ETIME.
struct RunHook {
  ContentHook hook;
};

// Whether a child of before, maybe of an agent that is gone, is still at work or hangs: then the result hangs, and the text says where. Needs
// no child itself.
struct FindHung {};

using ChildTask = std::variant<UnmountOne, MountOne, ReadDirectory, FindUsers, RunHook, FindHung>;

// "unmount /x", for people.
std::string Describe(const ChildTask& task);

struct ChildResult {
  int error = 0;         // an errno; 0: it was done
  bool is_hung = false;  // it did not end in its time, and may be there still
  std::string text;
};

// The longest text of a result.
inline constexpr size_t kMaxChildText = 4096;

}  // namespace muster
