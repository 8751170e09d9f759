// A copy of muster.db, as the store is at one moment, while its writer goes on: for backups. Any thread, which it keeps for as long as the disk
// takes.
//
// SQLite's online backup, on a connection of its own that holds one read open meanwhile: in WAL mode the writer neither waits for a reader nor
// sees it, and without that read each commit would have the copying begin again. The pages are copied as they are; VACUUM INTO would build
// the file anew, which takes several times the processor, for a smaller one. What the read costs is that the write-ahead log grows
// by what is committed meanwhile, until it is over.
#pragma once

#include <functional>
#include <string>

#include "common/status.h"
#include "common/unique_fd.h"

namespace muster {

// The copy, open for reading and without a name any more, so that nothing of it is left whatever happens. It is made in the state directory, one at
// a time. `goes_on` is asked now and then; CANCELLED when it says no. RESOURCE_EXHAUSTED if the disk is full, else as of SqliteStatus.
absl::StatusOr<UniqueFd> CopyStore(const std::string& state_dir,
                                   const std::function<bool()>& goes_on);

// What a copy that was killed has left.
void RemoveUnfinishedCopy(const std::string& state_dir);

}  // namespace muster
