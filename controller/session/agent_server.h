// The agents' gRPC server.
#pragma once

#include <memory>
#include <string>

#include "controller/edge/grpc_server.h"
#include "controller/session/agent_gateway.h"

namespace muster {

// Small messages, few streams a connection, neither health nor reflection. Errors as of GrpcServer::Start.
absl::StatusOr<std::unique_ptr<GrpcServer>> StartAgentServer(
    const std::string& listen, std::shared_ptr<grpc::ServerCredentials> credentials,
    AgentGateway& gateway);

}  // namespace muster
