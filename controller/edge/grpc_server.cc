#include "controller/edge/grpc_server.h"

#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>

#include <utility>
#include <vector>

#include "common/limits.h"

namespace muster {
namespace {

// A peer that does not answer a PING for this long is gone.
constexpr Duration kPingTimeout = 20s;
// Until a connection has come as far as HTTP/2's SETTINGS.
constexpr Duration kHandshakeTimeout = 20s;
// Peers may ping this often; agents do not at all, and our CLI each 30 s.
constexpr Duration kMinPeerPingInterval = 20s;

int Milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

// The reflection library adds itself to every server of the process when it is loaded.
class WithoutPlugins final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

void SetArguments(const GrpcServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_receive_bytes));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Milliseconds(kHandshakeTimeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(limits::kPingInterval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(kPingTimeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Milliseconds(kMinPeerPingInterval));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  if (options.max_streams_per_connection > 0)
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams_per_connection);
}

void SetHealthAndReflection(bool serves, grpc::ServerBuilder& builder) {
  // A switch of the process, read when a server is built.
  grpc::EnableDefaultHealthCheckService(serves);
  if (!serves) builder.SetOption(std::make_unique<WithoutPlugins>());
  // Reflection is the one service with threads of its own, which wait for its calls.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options,
                                                              Acceptor& acceptor,
                                                              grpc::Service& service) {
  grpc::ServerBuilder builder;
  SetArguments(options, builder);
  SetHealthAndReflection(options.serves_health_and_reflection, builder);
  std::unique_ptr<Connections> connections = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, options.credentials);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr)
    return MakeStatus(absl::StatusCode::kInternal, "the gRPC server could not be started");
  return std::unique_ptr<GrpcServer>(
      new GrpcServer(std::move(server), std::move(connections), acceptor));
}

GrpcServer::GrpcServer(std::unique_ptr<grpc::Server> server,
                       std::unique_ptr<Connections> connections, Acceptor& acceptor)
    : server_(std::move(server)), connections_(std::move(connections)), acceptor_(acceptor) {
  acceptor_.Start([this](UniqueFd fd) {
    Connections::NewConnectionParameters connection;
    connection.fd = fd.release();
    connections_->HandleNewConnection(&connection);
  });
}

GrpcServer::~GrpcServer() { Shutdown(Duration(0)); }

void GrpcServer::SetServing(bool is_serving) {
  if (grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService()) {
    health->SetServingStatus(is_serving);
  }
}

void GrpcServer::Shutdown(Duration grace) {
  acceptor_.Stop();  // gRPC would not close what it is given now
  server_->Shutdown(std::chrono::system_clock::now() +
                    std::chrono::duration_cast<std::chrono::microseconds>(grace));
}

}  // namespace muster
