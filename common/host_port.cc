#include "common/host_port.h"

namespace muster {

absl::StatusOr<HostPort> ParseHostPort(const std::string& text, unsigned lowest_port) {
  const absl::Status bad =
      MakeStatus(absl::StatusCode::kInvalidArgument,
                 "address '{}': must be HOST:PORT, or [ADDRESS]:PORT for IPv6", text);
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return bad;
  HostPort result{text.substr(0, colon), text.substr(colon + 1), text};
  if (result.host.front() == '[' && result.host.back() == ']' && result.host.size() > 2) {
    result.host = result.host.substr(1, result.host.size() - 2);
  } else if (result.host.find_first_of(":[]") != std::string::npos) {
    return bad;
  }
  const bool is_number = !result.port.empty() && result.port.size() <= 5 &&
                         result.port.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number) return bad;
  const unsigned long port = std::stoul(result.port);
  if (port < lowest_port || port > 65535) return bad;
  return result;
}

}  // namespace muster
