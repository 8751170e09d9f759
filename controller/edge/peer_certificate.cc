#include "controller/edge/peer_certificate.h"

#include <grpc/grpc_security_constants.h>

#include <string>
#include <vector>

namespace muster {

absl::StatusOr<CertificateInfo> CertificateOf(const grpc::AuthContext& context) {
  const std::vector<grpc::string_ref> pems =
      context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pems.empty()) {
    return MakeStatus(absl::StatusCode::kUnauthenticated,
                      "the connection has no client certificate");
  }
  return ReadCertificate(std::string(pems.front().data(), pems.front().size()));
}

}  // namespace muster
