// The operators' gRPC server.
#pragma once

#include <memory>
#include <string>

#include "controller/api/controller_service.h"
#include "controller/edge/grpc_server.h"

namespace muster {

// A node set of 100,000 names that do not fold is 2 MiB.
inline constexpr size_t kMaxOperatorMessageBytes = 16 << 20;

// With health and reflection, which any peer with a certificate of ours may call. Errors as of GrpcServer::Start.
absl::StatusOr<std::unique_ptr<GrpcServer>> StartOperatorServer(
    Acceptor& acceptor, std::shared_ptr<grpc::ServerCredentials> credentials,
    ControllerService& service);

}  // namespace muster
