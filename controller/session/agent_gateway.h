// The service that agents attach to: finds out who a peer is, and makes its session. gRPC's threads.
#pragma once

#include <grpcpp/grpcpp.h>

#include "controller/edge/acceptor.h"
#include "controller/session/session_table.h"
#include "muster/v1/agent.grpc.pb.h"

namespace muster {

class AgentGateway final : public v1::AgentGateway::CallbackService {
 public:
  // Both outlive the server.
  AgentGateway(SessionTable& table, Acceptor& acceptor) : table_(table), acceptor_(acceptor) {}

  // PERMISSION_DENIED to a peer whose certificate has no agent's name or is revoked; RESOURCE_EXHAUSTED if the connection had too
  // many streams.
  grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>* Attach(
      grpc::CallbackServerContext* context) override;

 private:
  SessionTable& table_;
  Acceptor& acceptor_;
};

}  // namespace muster
