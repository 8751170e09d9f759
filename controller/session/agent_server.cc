#include "controller/session/agent_server.h"

#include <utility>

#include "common/limits.h"

namespace muster {

absl::StatusOr<std::unique_ptr<GrpcServer>> StartAgentServer(
    Acceptor& acceptor, std::shared_ptr<grpc::ServerCredentials> credentials,
    AgentGateway& gateway) {
  GrpcServerOptions options;
  options.credentials = std::move(credentials);
  options.max_receive_bytes = limits::kMaxAgentMessageBytes;
  options.max_streams_per_connection = 4;  // an agent needs one
  return GrpcServer::Start(options, acceptor, gateway);
}

}  // namespace muster
