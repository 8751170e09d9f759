// Who a peer is, by the certificate that its connection was authenticated with. No state; any thread.
#pragma once

#include <grpcpp/security/auth_context.h>

#include "common/status.h"
#include "controller/pki/certificate.h"

namespace muster {

// Of a call's peer. UNAUTHENTICATED if it has shown none, which our servers do not let happen.
absl::StatusOr<CertificateInfo> CertificateOf(const grpc::AuthContext& context);

}  // namespace muster
