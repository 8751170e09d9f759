#include "controller/revoked_file.h"

#include <system_error>
#include <utility>

namespace muster {

absl::Status RevokedFile::Reload() {
  if (path_.empty()) return absl::OkStatus();
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(path_, error);
  if (error) return ErrnoStatus(error.value(), "read " + path_);
  if (read_ == changed) return absl::OkStatus();
  absl::StatusOr<RevocationList> list = RevocationList::Read(path_);
  MUSTER_RETURN_IF_ERROR(list.status());
  read_ = changed;
  MutexLock lock(mutex_);
  list_ = std::move(*list);
  is_empty_ = list_.size() == 0;
  return absl::OkStatus();
}

void RevokedFile::Replace(std::string path, RevocationList list) {
  path_ = std::move(path);
  read_.reset();
  MutexLock lock(mutex_);
  list_ = std::move(list);
  is_empty_ = list_.size() == 0;
}

bool RevokedFile::IsRevoked(const CertificateInfo& certificate) const {
  if (is_empty_) return false;
  MutexLock lock(mutex_);
  return list_.IsRevoked(certificate);
}

}  // namespace muster
