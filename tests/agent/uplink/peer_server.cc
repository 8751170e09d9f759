// A controller made of the real gRPC library, for the tests of the agent's uplink; it runs in its
// own process because full protobuf and protobuf-lite collide.
//
//   peer_server TLS_DIR     prints its port, then serves until it is killed
//
// What it does on a stream is said by the aliases of the Hello, in order:
//   "welcome:PING_MS:FLEET"  sends a Welcome
//   "burst:N"                sends N Settled with the tasks "0" … "N-1"
//   "big:N"                  sends a Settled whose task has N bytes
//   "end:CODE:MESSAGE"       ends the stream with that status
// After them each Report is answered with a Settled whose task is the Report's detail. At the end
// of the requests it ends with OK.
#include <absl/synchronization/mutex.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "muster/v1/agent.grpc.pb.h"

namespace {

using muster::v1::AgentMessage;
using muster::v1::ControllerMessage;
using Stream = grpc::ServerReaderWriter<ControllerMessage, AgentMessage>;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, ':');) parts.push_back(part);
  parts.resize(3);
  return parts;
}

ControllerMessage Settled(const std::string& task) {
  ControllerMessage message;
  message.set_sender_clock_ns(12345);
  message.add_settled()->mutable_key()->set_task(task);
  return message;
}

ControllerMessage Welcome(int ping_ms, int fleet_size) {
  ControllerMessage message;
  message.mutable_welcome()->set_fleet_size(fleet_size);
  message.mutable_welcome()->mutable_ping_interval()->set_seconds(ping_ms / 1000);
  message.mutable_welcome()->mutable_ping_interval()->set_nanos(ping_ms % 1000 * 1000000);
  return message;
}

class Gateway final : public muster::v1::AgentGateway::Service {
 public:
  grpc::Status Attach(grpc::ServerContext*, Stream* stream) override {
    AgentMessage message;
    while (stream->Read(&message)) {
      for (const std::string& alias : message.hello().aliases()) {
        const std::vector<std::string> order = Split(alias);
        if (order[0] == "end")
          return grpc::Status(static_cast<grpc::StatusCode>(std::stoi(order[1])), order[2]);
        Obey(order, stream);
      }
      if (message.has_report()) stream->Write(Settled(message.report().outcome().detail()));
    }
    return grpc::Status::OK;
  }

 private:
  static void Obey(const std::vector<std::string>& order, Stream* stream) {
    if (order[0] == "welcome") stream->Write(Welcome(std::stoi(order[1]), std::stoi(order[2])));
    if (order[0] == "big") stream->Write(Settled(std::string(std::stoi(order[1]), 'x')));
    if (order[0] != "burst") return;
    const int count = std::stoi(order[1]);
    for (int i = 0; i < count; ++i) {
      stream->Write(Settled(std::to_string(i)), grpc::WriteOptions().set_buffer_hint());
    }
    stream->Write(Settled("end of burst"));
  }
};

}  // namespace

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (argc != 2) return 2;
  const std::string tls_dir = argv[1];
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = ReadFile(tls_dir + "/ca.pem");
  tls.pem_key_cert_pairs.push_back(
      {ReadFile(tls_dir + "/key.pem"), ReadFile(tls_dir + "/cert.pem")});
  Gateway gateway;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port);
  builder.RegisterService(&gateway);
  // As musterd does, but each second: an idle stream must hear from us within the tests' patience.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("%d\n", port);
  std::fflush(stdout);
  server->Wait();
  return 0;
}
