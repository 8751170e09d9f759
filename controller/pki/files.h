// Small files with keys and certificates in them. For this room only.
#pragma once

#include <sys/types.h>

#include <string>

#include "common/status.h"

namespace muster {

// Larger files are refused: whatever they are, they are no certificates, keys or lists of ours.
inline constexpr size_t kMaxPkiFileBytes = 16 << 20;

absl::StatusOr<std::string> ReadFile(const std::string& path);

// Replaces the file whole, with this mode whatever the umask. It is not synced: who loses power while issuing issues again.
absl::Status ReplaceFile(const std::string& path, const std::string& text, mode_t mode);

// Makes the file and syncs it. ALREADY_EXISTS if there is one.
absl::Status CreateFile(const std::string& path, const std::string& text, mode_t mode);

// Makes the directory with mode 0700 and its missing parents with the usual one; one that exists stays as it is.
absl::Status MakePrivateDir(const std::string& dir);

bool Exists(const std::string& path);

}  // namespace muster
