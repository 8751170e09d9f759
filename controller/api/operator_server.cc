#include "controller/api/operator_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>

#include <utility>

namespace muster {

absl::StatusOr<std::unique_ptr<GrpcServer>> StartOperatorServer(
    Acceptor& acceptor, std::shared_ptr<grpc::ServerCredentials> credentials,
    ControllerService& service) {
  // Keeps the library, which adds itself to servers, from being left out by the linker.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  GrpcServerOptions options;
  options.credentials = std::move(credentials);
  options.max_receive_bytes = kMaxOperatorMessageBytes;
  options.serves_health_and_reflection = true;
  return GrpcServer::Start(options, acceptor, service);
}

}  // namespace muster
