// A copy of muster.db, as the store is at one moment, while its writer goes on: for backups. Any thread, which it keeps for as long as the disk
// takes.
//
// SQLite's online backup, on a connection of its own that holds one read open meanwhile: in WAL mode the writer neither waits for a reader nor
// sees it, and without that read each commit would have the copying begin again. The pages are copied as they are; VACUUM INTO would build
// the file anew, which takes several times the processor, for a smaller one. What the read costs is that the write-ahead log grows
// by what is committed meanwhile, until it is over.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/status.h"
#include "common/unique_fd.h"

namespace muster {

// Of a file system.
struct DiskSpace {
  uint64_t size_bytes = 0;
  uint64_t free_bytes = 0;
};
using LookAtDisk = std::function<absl::StatusOr<DiskSpace>(const std::string& path)>;

// What a disk of that size, with a store of that size, must keep free for the store itself while it is copied: the write-ahead log grows
// meanwhile, and on a full disk the controller stands still. A gigabyte is a write-ahead log of hours of jobs; a tenth of the store because a larger
// one takes longer to copy; at most a twentieth of the disk, or a small one could never be backed up.
uint64_t CopyReserve(uint64_t store_bytes, uint64_t disk_bytes);

// As statvfs(3) says, for those who are not root.
absl::StatusOr<DiskSpace> DiskSpaceAt(const std::string& path);

// The copy, open for reading and without a name any more, so that nothing of it is left whatever happens. It is made in the state directory, one at
// a time. `goes_on` is asked now and then; CANCELLED when it says no. RESOURCE_EXHAUSTED if the disk has no room for it beside the reserve, or has
// no more while it is made; else as of SqliteStatus.
absl::StatusOr<UniqueFd> CopyStore(const std::string& state_dir,
                                   const std::function<bool()>& goes_on,
                                   const LookAtDisk& look = DiskSpaceAt);

// What a copy that was killed has left.
void RemoveUnfinishedCopy(const std::string& state_dir);

}  // namespace muster
