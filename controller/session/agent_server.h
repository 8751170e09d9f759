// The agents' gRPC server.
#pragma once

#include <memory>
#include <string>

#include "controller/edge/grpc_server.h"
#include "controller/session/agent_gateway.h"

namespace muster {

// It makes a new connection for each new stream, so these many are somebody else's. For AcceptorOptions.
inline constexpr uint32_t kMaxStreamsOfAConnection = 16;

// Small messages, few streams a connection, neither health nor reflection. Errors as of GrpcServer::Start.
absl::StatusOr<std::unique_ptr<GrpcServer>> StartAgentServer(
    Acceptor& acceptor, std::shared_ptr<grpc::ServerCredentials> credentials,
    AgentGateway& gateway);

}  // namespace muster
