// The sockets of one "HOST:PORT": one for each address that the host's name has; "0.0.0.0" and "[::]" are all addresses of both families.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "common/unique_fd.h"

namespace muster {

struct ListeningSockets {
  std::vector<UniqueFd> fds;  // they do not block
  int port = 0;
};

// Port 0 takes any, the same for all addresses. Blocks if a name has to be looked up. INVALID_ARGUMENT for what is no address;
// FAILED_PRECONDITION if it cannot be listened on.
absl::StatusOr<ListeningSockets> ListenOn(const std::string& address);

}  // namespace muster
