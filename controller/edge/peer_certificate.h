// Who a peer is, by the certificate that its connection was authenticated with. No state; any thread.
#pragma once

#include <grpcpp/security/auth_context.h>

#include <string>
#include <vector>

#include "common/status.h"
#include "common/time.h"

namespace muster {

struct PeerCertificate {
  std::vector<std::string> uris;  // its URI names
  std::string serial;             // hexadecimal, upper case, without leading zeros
  Time not_after{};               // the wall clock's
};

// INVALID_ARGUMENT if `pem` has no certificate that can be read. Only the first one counts.
absl::StatusOr<PeerCertificate> ParseCertificate(const std::string& pem);

// Of a call's peer. UNAUTHENTICATED if it has shown none, which our servers do not let happen.
absl::StatusOr<PeerCertificate> CertificateOf(const grpc::AuthContext& context);

}  // namespace muster
