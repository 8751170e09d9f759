// One musterd for each state directory: an flock(2) on a file in it, held while this object lives, and given back by the kernel
// when the process dies.
#pragma once

#include <string>

#include "common/status.h"

namespace muster {

class StateLock {
 public:
  // FAILED_PRECONDITION, with its pid, if another process holds it; an errno's code if the file cannot be made.
  static absl::StatusOr<StateLock> Acquire(const std::string& state_dir);

  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&&) = delete;
  ~StateLock();

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace muster
