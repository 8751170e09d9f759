// "HOST:PORT", as people write where something listens.
#pragma once

#include <string>

#include "common/status.h"

namespace muster {

// "ncn-m001.nmn:7443", "10.252.1.4:7443", "[fd00::4]:7443".
struct HostPort {
  std::string host;
  std::string port;
  std::string text;  // as it was written
};

// INVALID_ARGUMENT with what is expected. `lowest_port` is 0 where a port may be left to the system.
absl::StatusOr<HostPort> ParseHostPort(const std::string& text, unsigned lowest_port = 1);

}  // namespace muster
