#include "controller/session/agent_gateway.h"

#include <string>
#include <utility>
#include <vector>

#include "common/identity.h"
#include "common/log.h"
#include "controller/edge/grpc_status.h"
#include "controller/edge/peer_address.h"
#include "controller/edge/peer_certificate.h"
#include "controller/session/agent_session.h"

namespace muster {
namespace {

// A stream that is told why it cannot be, and ends.
class RefusedStream final
    : public grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage> {
 public:
  explicit RefusedStream(const absl::Status& status) { Finish(GrpcStatus(status)); }
  void OnDone() override { delete this; }
};

absl::Status NotAnAgent(const CertificateInfo& certificate, const IdentityPatterns& patterns) {
  return MakeStatus(absl::StatusCode::kPermissionDenied,
                    "the certificate is not an agent's: its names are [{}], an agent's are {}",
                    fmt::join(certificate.uris, ", "), patterns.agent);
}

}  // namespace

grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>* AgentGateway::Attach(
    grpc::CallbackServerContext* context) {
  if (!acceptor_.OnStream(context->peer())) {
    return new RefusedStream(MakeStatus(absl::StatusCode::kResourceExhausted,
                                        "this connection has opened too many streams"));
  }
  const auto refuse = [this, context](const absl::Status& status) {
    table_.refusals().Note(Refusal::kUnauthorized, HostOf(context->peer()), Message(status));
    return new RefusedStream(status);
  };
  absl::StatusOr<CertificateInfo> certificate = CertificateOf(*context->auth_context());
  if (!certificate.ok()) return refuse(certificate.status());
  const IdentityPatterns& patterns = table_.options().patterns;
  std::vector<std::string> names = NamesIn(certificate->uris, patterns.agent);
  if (names.empty()) return refuse(NotAnAgent(*certificate, patterns));
  if (table_.IsRevoked(*certificate)) {
    return refuse(MakeStatus(absl::StatusCode::kPermissionDenied, "the certificate is revoked"));
  }
  return AgentSession::Start(*context, std::move(*certificate), std::move(names), table_);
}

}  // namespace muster
