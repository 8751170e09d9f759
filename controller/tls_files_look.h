// Looks at the files of tls_dir now and then, and says what gRPC's watcher keeps to itself: that new ones cannot be read, as a key that is root's
// alone, or do not fit together. Main thread only.
#pragma once

#include <string>
#include <utility>

namespace muster {

class TlsFilesLook {
 public:
  explicit TlsFilesLook(std::string tls_dir) : tls_dir_(std::move(tls_dir)) {}

  // One line of the log when something is wrong, another when it is something else, and one when it is right again.
  void Look();

 private:
  const std::string tls_dir_;
  std::string problem_;  // at the last look; empty: none
};

}  // namespace muster
