#include "controller/edge/listening_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "common/host_port.h"
#include "common/time.h"

namespace muster {
namespace {

// The kernel takes net.core.somaxconn if that is less (4096, listen(2)).
constexpr int kBacklog = 65535;
// Data that the peer has not acknowledged for this long end the connection (tcp(7)), so a command to a node that has gone is noticed
// sooner than by the next PING.
constexpr unsigned kUserTimeoutMs = 20'000;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

absl::StatusOr<Addresses> LookUp(const HostPort& host_port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host_port.host.c_str(), host_port.port.c_str(), &hints, &list);
  if (error == 0) return Addresses(list);
  return MakeStatus(absl::StatusCode::kFailedPrecondition, "cannot listen on {}: {}",
                    host_port.text, gai_strerror(error));
}

// Options that the connections inherit.
void SetOptions(int fd, int family) {
  const int on = 1;
  const int off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof(kUserTimeoutMs));
}

void SetPort(sockaddr_storage& address, int port) {
  // At the same place in both (in.h).
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  const in_port_t network = htons(static_cast<in_port_t>(port));
  std::memcpy(reinterpret_cast<char*>(&address) + offsetof(sockaddr_in, sin_port), &network,
              sizeof(network));
}

int PortOf(int fd) {
  sockaddr_in6 address{};
  socklen_t size = sizeof(address);
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0
             ? ntohs(address.sin6_port)
             : 0;
}

absl::StatusOr<UniqueFd> Open(const addrinfo& info, int port) {
  UniqueFd fd(socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) return ErrnoStatus(errno, "socket");
  SetOptions(fd.get(), info.ai_family);
  sockaddr_storage address{};
  std::memcpy(&address, info.ai_addr, info.ai_addrlen);
  if (port != 0) SetPort(address, port);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), info.ai_addrlen) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    if (errno == EADDRINUSE) return absl::AlreadyExistsError(std::strerror(errno));
    return ErrnoStatus(errno, "bind");
  }
  return fd;
}

bool IsWildcard(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

absl::Status CannotListen(const std::string& address, const absl::Status& why) {
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    "cannot listen on {} ({}): is another musterd running, and is the address "
                    "this machine's?",
                    address, Message(why));
}

// One socket for each address of the host. What is not this machine's is left out if there is another: a name may have an IPv6 address
// where IPv6 is off.
absl::StatusOr<ListeningSockets> ListenOnAll(const HostPort& host_port) {
  const absl::StatusOr<Addresses> addresses = LookUp(host_port);
  if (!addresses.ok()) return addresses.status();
  ListeningSockets sockets;
  absl::Status failure;
  std::set<std::string> seen;
  for (const addrinfo* info = addresses->get(); info != nullptr; info = info->ai_next) {
    if (!seen.emplace(reinterpret_cast<const char*>(info->ai_addr), info->ai_addrlen).second)
      continue;
    absl::StatusOr<UniqueFd> fd = Open(*info, sockets.port);
    if (!fd.ok()) {
      failure = CannotListen(host_port.text, fd.status());
      // Somebody else has it.
      if (absl::IsAlreadyExists(fd.status())) return failure;
      continue;
    }
    if (sockets.port == 0) sockets.port = PortOf(fd->get());
    sockets.fds.push_back(*std::move(fd));
  }
  if (sockets.fds.empty()) return failure;
  return sockets;
}

}  // namespace

absl::StatusOr<ListeningSockets> ListenOn(const std::string& address) {
  absl::StatusOr<HostPort> host_port = ParseHostPort(address, /*lowest_port=*/0);
  if (!host_port.ok()) return host_port.status();
  if (!IsWildcard(host_port->host)) return ListenOnAll(*host_port);
  // All addresses of both families, or those of IPv4 where there is no other.
  host_port->host = "::";
  absl::StatusOr<ListeningSockets> both = ListenOnAll(*host_port);
  if (both.ok()) return both;
  host_port->host = "0.0.0.0";
  return ListenOnAll(*host_port);
}

}  // namespace muster
