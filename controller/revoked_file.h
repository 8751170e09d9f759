// The list of revoked certificates as it is in its file now. Reload from the main thread, IsRevoked from any.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "common/mutex.h"
#include "common/status.h"
#include "controller/pki/certificate.h"
#include "controller/pki/revocation.h"

namespace muster {

class RevokedFile {
 public:
  // An empty path revokes nothing.
  explicit RevokedFile(std::string path) : path_(std::move(path)) {}

  // Reads the file if it has changed. After an error the list stays as it was. A file that is not there is an error too: it
  // was named, and a list that got lost must not make stolen certificates valid.
  absl::Status Reload();
  // Another file, which has just been read. Main thread.
  void Replace(std::string path, RevocationList list);
  bool IsRevoked(const CertificateInfo& certificate) const;

 private:
  std::string path_;                                     // main thread only
  std::optional<std::filesystem::file_time_type> read_;  // likewise
  std::atomic<bool> is_empty_ = true;                    // asked for each session every few seconds
  mutable Mutex mutex_;
  RevocationList list_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
