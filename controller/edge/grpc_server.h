// One gRPC server of musterd: how it is built, and its life. Owned by main; any thread but a reaction may call Shutdown.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstddef>
#include <memory>
#include <string>

#include "common/status.h"
#include "common/time.h"

namespace muster {

struct GrpcServerOptions {
  std::string listen;  // HOST:PORT; port 0 takes any
  std::shared_ptr<grpc::ServerCredentials> credentials;
  size_t max_receive_bytes = 0;
  int max_streams_per_connection = 0;  // 0: no limit
  bool serves_health_and_reflection = false;
};

class GrpcServer {
 public:
  // FAILED_PRECONDITION if the address cannot be listened on. `service` outlives the server.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           grpc::Service& service);
  ~GrpcServer();

  int port() const { return port_; }
  // What the health service answers, if there is one. Any thread, until the server is destroyed.
  void SetServing(bool is_serving);
  // Closes the port, lets calls end for `grace`, then cancels them. Returns when every reactor is done, so whatever answers calls
  // must still be running.
  void Shutdown(Duration grace);

 private:
  GrpcServer(std::unique_ptr<grpc::Server> server, int port);
  std::unique_ptr<grpc::Server> server_;
  int port_;
};

}  // namespace muster
