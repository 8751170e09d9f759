// The address of a connection's other end, as gRPC writes it: "ipv4:10.1.2.3:4567", "ipv6:%5Bfd00::1%5D:4567"
// (grpc_sockaddr_to_uri of gRPC 1.51; a test compares the two, but for link-local addresses).
#pragma once

#include <sys/socket.h>

#include <string>

namespace muster {

// Empty for what is neither IPv4 nor IPv6. IPv4 in an IPv6 socket is IPv4.
std::string PeerText(const sockaddr_storage& address);

// Without the port: "10.1.2.3", "fd00::1". What is not of that shape comes back as it is.
std::string HostOf(const std::string& peer);

// Who shares a turn: the host, or of IPv6 the first 64 bits of its address, for one host may have all of those that follow.
std::string NetworkOf(const std::string& peer);

}  // namespace muster
