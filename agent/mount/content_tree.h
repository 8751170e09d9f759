// Which mounts of a node are projected content or lie on it, and in which order they go and come. Pure; any thread.
//
//   projected    by type and source, as the profile says
//   loop         a file system in a file that lies on one of these
//   overlay      one of its layers does
//   bind         another mount of the same file system, or one of any other file system at a place on one of these
//
// Anything else that is mounted on content (a tmpfs, whose files would be lost; a network file system) is in the way: it is not ours to
// take away.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/mount/content_profile.h"
#include "agent/mount/mountinfo.h"
#include "common/content.h"
#include "common/messages.h"

namespace muster {

// At the end of the name of a loop device's file: it has a part of it, with an offset or a limit.
inline constexpr char kPartOfFile[] = " (a part of it)";

// What the tree is made from, as it was at one moment.
struct MountTable {
  std::vector<Mount> mounts;
  // Backing files, by "major:minor" of the loop device.
  std::map<std::string, std::string> loop_files;
  std::string kernel_command_line;
};

// A mount that is content or lies on it.
struct ContentMount {
  RecordedMount recorded;
  int id = 0;          // in mountinfo
  std::string device;  // of the file system; of a loop: of the loop device
  // What it lies on, by the index in the tree. The kernel would let go of some of these while it is there: of the layers of an overlay,
  // which stay in use all the same.
  std::vector<size_t> needs;
};

struct ContentTree {
  // In the order in which they can be mounted; they are unmounted the other way round.
  std::vector<ContentMount> mounts;
  // Why this node's root depends on content; empty if it does not.
  std::string root_on_content;
  // Mounts on content that cannot be taken away and brought back, a sentence each.
  std::vector<std::string> in_the_way;
  // Targets of projected file systems that are not CPS's; they are left alone.
  std::vector<std::string> foreign;
  // The kernel command line says that the root comes by SBPS (iSCSI), which keeps nothing that could be lost.
  bool has_sbps_root = false;

  ContentRecord Record() const;
};

ContentTree BuildContentTree(const MountTable& table, const ContentProfile& profile);

// Whether CPS projects it.
bool IsProjected(const Mount& mount, const ContentProfile& profile);

// More are not reported. A node with all of a product's content mounted has some dozens.
inline constexpr size_t kMaxContentMounts = 500;
// Of the table, what is projected, for people.
std::vector<MountedContent> ProjectedMounts(const MountTable& table, const ContentProfile& profile);

// Of "… root=craycps-s3:<s3path>:<etag>:<transport>:<gateway>:<timeout>:<interfaces>[:<ramroot>] …": whether the root stays on content
// after the boot. With a ramroot other than 0 it was copied to memory.
bool IsRootProjected(const std::string& kernel_command_line);

}  // namespace muster
