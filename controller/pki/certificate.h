// What Muster reads in a peer's certificate: who it is, until when, and what a revocation list can name it by. Pure; any thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/status.h"

namespace muster {

// A certificate of ours is under 2 KiB; this is room for a chain.
inline constexpr size_t kMaxCertificateBytes = 64 << 10;

struct CertificateInfo {
  std::vector<std::string> uris;  // URI names, in order
  std::chrono::sys_seconds not_after;
  std::string subject;  // RFC 2253: "CN=x1000c0s0b0n0,O=Muster"
  std::string serial;   // lower-case hex, no leading zeros
  std::string sha256;   // fingerprint, 64 lower-case hex digits
};

// Reads the first certificate in `pem`. INVALID_ARGUMENT if there is none that can be read.
absl::StatusOr<CertificateInfo> ReadCertificate(const std::string& pem);

}  // namespace muster
