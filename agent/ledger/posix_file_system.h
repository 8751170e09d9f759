// The machine's file system. One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "agent/ledger/file_system.h"

namespace muster {

class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<Directory>> Open(const std::string& path) override;
  absl::Status FillRandom(unsigned char* bytes, size_t size) override;
};

}  // namespace muster
