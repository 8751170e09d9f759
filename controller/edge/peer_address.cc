#include "controller/edge/peer_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <cstring>

namespace muster {

std::string PeerText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    sockaddr_in ip4{};
    std::memcpy(&ip4, &address, sizeof(ip4));
    inet_ntop(AF_INET, &ip4.sin_addr, text, sizeof(text));
    return fmt::format("ipv4:{}:{}", text, ntohs(ip4.sin_port));
  }
  if (address.ss_family != AF_INET6) return "";
  sockaddr_in6 ip6{};
  std::memcpy(&ip6, &address, sizeof(ip6));
  if (IN6_IS_ADDR_V4MAPPED(&ip6.sin6_addr)) {
    inet_ntop(AF_INET, &ip6.sin6_addr.s6_addr[12], text, sizeof(text));
    return fmt::format("ipv4:{}:{}", text, ntohs(ip6.sin6_port));
  }
  inet_ntop(AF_INET6, &ip6.sin6_addr, text, sizeof(text));
  // Of a link-local address.
  const std::string scope = ip6.sin6_scope_id == 0 ? "" : fmt::format("%25{}", ip6.sin6_scope_id);
  return fmt::format("ipv6:%5B{}{}%5D:{}", text, scope, ntohs(ip6.sin6_port));
}

std::string HostOf(const std::string& peer) {
  const size_t begin = peer.find(':');
  const size_t end = peer.rfind(':');
  if (begin == std::string::npos || begin == end) return peer;
  std::string host = peer.substr(begin + 1, end - begin - 1);
  if (host.starts_with("%5B") && host.ends_with("%5D")) host = host.substr(3, host.size() - 6);
  return host;
}

std::string NetworkOf(const std::string& peer) {
  const std::string host = HostOf(peer);
  in6_addr address{};
  if (!peer.starts_with("ipv6:") || inet_pton(AF_INET6, host.c_str(), &address) != 1) return host;
  std::memset(&address.s6_addr[8], 0, 8);
  char text[INET6_ADDRSTRLEN] = {};
  return fmt::format("{}/64", inet_ntop(AF_INET6, &address, text, sizeof(text)));
}

}  // namespace muster
