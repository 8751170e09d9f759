#include "controller/cli/write_all.h"

#include <unistd.h>

#include <cerrno>

namespace muster::cli {

absl::Status WriteAll(int file, const std::string& bytes, const std::string& what) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t written = write(file, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, what);
    done += static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

}  // namespace muster::cli
