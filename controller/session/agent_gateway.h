// The service that agents attach to: finds out who a peer is, and makes its session. gRPC's threads.
#pragma once

#include <grpcpp/grpcpp.h>

#include "controller/session/session_table.h"
#include "muster/v1/agent.grpc.pb.h"

namespace muster {

class AgentGateway final : public v1::AgentGateway::CallbackService {
 public:
  explicit AgentGateway(SessionTable& table) : table_(table) {}

  // PERMISSION_DENIED to a peer whose certificate has no agent's name or is revoked.
  grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>* Attach(
      grpc::CallbackServerContext* context) override;

 private:
  SessionTable& table_;
};

}  // namespace muster
