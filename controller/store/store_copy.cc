#include "controller/store/store_copy.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "controller/store/schema.h"
#include "controller/store/sqlite.h"

namespace muster {
namespace {

std::string CopyPath(const std::string& state_dir) { return state_dir + "/muster.db.copy"; }

absl::StatusOr<std::unique_ptr<SqliteDatabase>> OpenSource(const std::string& state_dir) {
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> source = SqliteDatabase::Open(
      state_dir + "/" + kDatabaseFile, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  MUSTER_RETURN_IF_ERROR(source.status());
  MUSTER_RETURN_IF_ERROR(
      (*source)->Execute("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; BEGIN"));
  // A transaction reads from its first query on.
  MUSTER_RETURN_IF_ERROR((*source)->QueryInteger("SELECT count(*) FROM meta").status());
  return source;
}

// Neither journal nor sync: after a crash it is thrown away.
absl::StatusOr<std::unique_ptr<SqliteDatabase>> OpenTarget(const std::string& path) {
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> target =
      SqliteDatabase::Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  MUSTER_RETURN_IF_ERROR(target.status());
  MUSTER_RETURN_IF_ERROR((*target)->Execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF"));
  return target;
}

uint64_t InMiB(uint64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

// RESOURCE_EXHAUSTED unless the disk has room for so much of the copy, and the reserve.
absl::Status CheckRoom(uint64_t copy_bytes, uint64_t store_bytes, const std::string& state_dir,
                       const LookAtDisk& look) {
  const absl::StatusOr<DiskSpace> disk = look(state_dir);
  MUSTER_RETURN_IF_ERROR(disk.status());
  const uint64_t reserve = CopyReserve(store_bytes, disk->size_bytes);
  if (disk->free_bytes >= copy_bytes + reserve) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kResourceExhausted,
                    "the disk has {} MiB free, and {} MiB are needed ({} MiB of them stay free for "
                    "the store itself): make room there",
                    disk->free_bytes >> 20, InMiB(copy_bytes + reserve), InMiB(reserve));
}

absl::Status Copy(const std::string& state_dir, const std::string& path,
                  const std::function<bool()>& goes_on, const LookAtDisk& look) {
  const absl::StatusOr<std::unique_ptr<SqliteDatabase>> source = OpenSource(state_dir);
  MUSTER_RETURN_IF_ERROR(source.status());
  // With what is in the write-ahead log only.
  const absl::StatusOr<int64_t> bytes = (*source)->QueryInteger(
      "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
  MUSTER_RETURN_IF_ERROR(bytes.status());
  const auto store_bytes = static_cast<uint64_t>(*bytes);
  MUSTER_RETURN_IF_ERROR(CheckRoom(store_bytes, store_bytes, state_dir, look));
  const absl::StatusOr<std::unique_ptr<SqliteDatabase>> target = OpenTarget(path);
  MUSTER_RETURN_IF_ERROR(target.status());
  absl::Status room;
  const absl::Status status = (*source)->CopyTo(**target, [&] {
    room = CheckRoom(0, store_bytes, state_dir, look);
    return room.ok() && goes_on();
  });
  return room.ok() ? status : room;
}

}  // namespace

uint64_t CopyReserve(uint64_t store_bytes, uint64_t disk_bytes) {
  constexpr uint64_t kGiB = 1 << 30;
  return std::min(std::max(kGiB, store_bytes / 10), disk_bytes / 20);
}

absl::StatusOr<DiskSpace> DiskSpaceAt(const std::string& path) {
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) != 0) return ErrnoStatus(errno, "ask for the room at " + path);
  return DiskSpace{disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize};
}

absl::StatusOr<UniqueFd> CopyStore(const std::string& state_dir,
                                   const std::function<bool()>& goes_on, const LookAtDisk& look) {
  RemoveUnfinishedCopy(state_dir);
  const std::string path = CopyPath(state_dir);
  absl::Status status = Copy(state_dir, path, goes_on, look);
  UniqueFd file(status.ok() ? open(path.c_str(), O_RDONLY | O_CLOEXEC) : -1);
  if (status.ok() && !file.is_open()) status = ErrnoStatus(errno, "open " + path);
  RemoveUnfinishedCopy(state_dir);
  if (status.ok()) return file;
  return MakeStatus(status.code(), "copy the store to {}: {}", path, Message(status));
}

void RemoveUnfinishedCopy(const std::string& state_dir) {
  std::remove(CopyPath(state_dir).c_str());
}

}  // namespace muster
