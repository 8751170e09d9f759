#include "controller/store/store_copy.h"

#include <fcntl.h>

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

absl::Status Copy(const std::string& state_dir, const std::string& path,
                  const std::function<bool()>& goes_on) {
  const absl::StatusOr<std::unique_ptr<SqliteDatabase>> source = OpenSource(state_dir);
  MUSTER_RETURN_IF_ERROR(source.status());
  const absl::StatusOr<std::unique_ptr<SqliteDatabase>> target = OpenTarget(path);
  MUSTER_RETURN_IF_ERROR(target.status());
  return (*source)->CopyTo(**target, goes_on);
}

}  // namespace

absl::StatusOr<UniqueFd> CopyStore(const std::string& state_dir,
                                   const std::function<bool()>& goes_on) {
  RemoveUnfinishedCopy(state_dir);
  const std::string path = CopyPath(state_dir);
  absl::Status status = Copy(state_dir, path, goes_on);
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
