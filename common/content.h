// What projected content (CPS) is mounted on a node, as plain data: the record that is made before anything is unmounted, and by
// which it is mounted again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace muster {

// How a mount is made again. Numbers as in proto/muster/v1/command.proto.
enum class MountKind : int {
  kUnspecified = 0,
  kProjected = 1,  // content itself, from CPS: by the profile's mount helper
  kLoop = 2,       // a file system in a file, through a loop device
  kOverlay = 3,
  kBind = 4,  // a directory of another mount, seen here, too
};

struct RecordedMount {
  MountKind kind = MountKind::kUnspecified;
  std::string fstype;
  // kProjected: as the table has it. kLoop: the file. kBind: the directory. kOverlay: as the table has it, which means nothing.
  std::string source;
  std::string target;
  std::string options;        // of the mount: "ro,nosuid,relatime"
  std::string super_options;  // of the file system: "ro,lowerdir=/a:/b"
  std::string
      propagation;  // "shared", "private", "slave", "unbindable"; a slave that is shared, too, is "shared slave"
  // Something that is no content was mounted at the target before it, and is still to be there.
  bool is_stacked = false;
  bool operator==(const RecordedMount&) const = default;
};

// In an order in which they can be mounted: what lies on another comes after it.
struct ContentRecord {
  std::vector<RecordedMount> mounts;
  bool operator==(const ContentRecord&) const = default;
};

// At each target that `more` has, what it has takes the place of what `record` has there; new targets come last.
void Merge(const ContentRecord& more, ContentRecord* record);

// More is not recorded, and so not unmounted either: it would not fit the message. A node with all of a product's content has some dozens,
// of about 1 KiB each (the option that names the servers is the longest).
inline constexpr size_t kMaxRecordBytes = 192 << 10;
// Of several phases together, what a command may have.
inline constexpr size_t kMaxMergedRecordBytes = 4 * kMaxRecordBytes;
size_t SizeOf(const ContentRecord& record);

}  // namespace muster
