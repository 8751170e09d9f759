#include "controller/cli/text_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace muster::cli {

absl::StatusOr<std::string> ReadText(std::istream& in, const std::string& what) {
  std::string text;
  char buffer[65536];
  errno = 0;
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, in.gcount());
    if (text.size() > kMaxTextBytes) {
      return MakeStatus(absl::StatusCode::kInvalidArgument, "{} is larger than {} MiB", what,
                        kMaxTextBytes >> 20);
    }
  }
  if (in.bad()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} cannot be read: {}", what,
                      std::strerror(errno == 0 ? EIO : errno));
  }
  return text;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path, const std::string& what) {
  errno = 0;
  std::ifstream file(path);
  if (!file) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} cannot be opened: {}", what,
                      std::strerror(errno));
  }
  return ReadText(file, what);
}

}  // namespace muster::cli
