#include "controller/pki/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace muster {
namespace {

absl::Status WriteAll(int fd, const std::string& path, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "write " + path);
    done += static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

enum class Sync { kNo, kYes };

// Makes a file that is not there yet; none is left if it fails.
absl::Status WriteNew(const std::string& path, const std::string& text, mode_t mode, Sync sync) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "create " + path);
  absl::Status status = WriteAll(fd, path, text);
  if (status.ok() && fchmod(fd, mode) != 0) status = ErrnoStatus(errno, "set mode of " + path);
  if (status.ok() && sync == Sync::kYes && fsync(fd) != 0)
    status = ErrnoStatus(errno, "sync " + path);
  if (close(fd) != 0 && status.ok()) status = ErrnoStatus(errno, "close " + path);
  if (!status.ok()) unlink(path.c_str());
  return status;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return ErrnoStatus(error.value(), "read " + path);
  if (size > kMaxPkiFileBytes)
    return MakeStatus(absl::StatusCode::kInvalidArgument, "read {}: {} bytes are more than {}",
                      path, size, kMaxPkiFileBytes);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file && size > 0) text << file.rdbuf();
  if (!file) return ErrnoStatus(errno != 0 ? errno : EIO, "read " + path);
  return text.str();
}

absl::Status ReplaceFile(const std::string& path, const std::string& text, mode_t mode) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());  // of one that was interrupted
  MUSTER_RETURN_IF_ERROR(WriteNew(temporary, text, mode, Sync::kNo));
  if (rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const int error = errno;
  unlink(temporary.c_str());
  return ErrnoStatus(error, fmt::format("rename {} to {}", temporary, path));
}

absl::Status CreateFile(const std::string& path, const std::string& text, mode_t mode) {
  return WriteNew(path, text, mode, Sync::kYes);
}

absl::Status MakePrivateDir(const std::string& dir) {
  std::filesystem::path path(dir);
  if (!path.has_filename()) path = path.parent_path();  // "DIR/"
  const std::filesystem::path parent = path.parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return ErrnoStatus(error.value(), "make directory " + parent.string());
  if (mkdir(path.c_str(), 0700) == 0) return absl::OkStatus();
  const int reason = errno;
  if (std::filesystem::is_directory(path, error)) return absl::OkStatus();
  return ErrnoStatus(reason, "make directory " + dir);
}

bool Exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

}  // namespace muster
