// One gRPC server of musterd: how it is built, and its life. Owned by main; any thread but a reaction may call Shutdown.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstddef>
#include <memory>
#include <string>

#include "common/status.h"
#include "common/time.h"
#include "controller/edge/acceptor.h"

namespace muster {

struct GrpcServerOptions {
  std::shared_ptr<grpc::ServerCredentials> credentials;
  size_t max_receive_bytes = 0;
  int max_streams_per_connection = 0;  // at once; 0: no limit
  bool serves_health_and_reflection = false;
};

class GrpcServer {
 public:
  // `service` and `acceptor` outlive the server, which starts and stops the latter.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           Acceptor& acceptor,
                                                           grpc::Service& service);
  ~GrpcServer();

  // What the health service answers, if there is one. Any thread, until the server is destroyed.
  void SetServing(bool is_serving);
  // Closes the port, lets calls end for `grace`, then cancels them. Returns when every reactor is done, so whatever answers calls
  // must still be running.
  void Shutdown(Duration grace);

 private:
  using Connections = grpc::experimental::ExternalConnectionAcceptor;

  GrpcServer(std::unique_ptr<grpc::Server> server, std::unique_ptr<Connections> connections,
             Acceptor& acceptor);

  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Connections> connections_;
  Acceptor& acceptor_;
};

}  // namespace muster
