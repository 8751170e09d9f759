// grpc_agent - the idle half of an agent as one writes it with gRPC's C++ callback API: it attaches as a node and waits for commands,
// to see what waiting costs (idle_agent.py). It carries out none.
//
//   grpc_agent CONTROLLER TLS_DIR NODE
//
// Ends with exit code 1 when the stream does.
#include <absl/synchronization/mutex.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <fstream>
#include <future>
#include <iterator>
#include <string>

#include "muster/v1/agent.grpc.pb.h"

namespace {

using muster::v1::AgentGateway;
using muster::v1::AgentMessage;
using muster::v1::ControllerMessage;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// One read is always under way; gRPC's threads call.
class AttachStream final : public grpc::ClientBidiReactor<AgentMessage, ControllerMessage> {
 public:
  AttachStream(AgentGateway::Stub& stub, const std::string& node) {
    auto* hello = hello_.mutable_hello();
    hello->set_node(node);
    hello->set_incarnation(std::string(32, '0'));
    hello->set_protocol_version(1);
    hello->mutable_status()->set_node(node);
    stub.async()->Attach(&context_, this);
    StartWrite(&hello_);
    StartRead(&received_);
    StartCall();
  }

  grpc::Status Wait() { return ended_.get_future().get(); }

  void OnReadDone(bool ok) override {
    if (ok) StartRead(&received_);
  }
  void OnDone(const grpc::Status& status) override { ended_.set_value(status); }

 private:
  grpc::ClientContext context_;
  AgentMessage hello_;
  ControllerMessage received_;
  std::promise<grpc::Status> ended_;
};

}  // namespace

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (argc != 4) return 2;
  const std::string tls_dir = argv[2];
  const grpc::SslCredentialsOptions tls{ReadFile(tls_dir + "/ca.pem"),
                                        ReadFile(tls_dir + "/key.pem"),
                                        ReadFile(tls_dir + "/cert.pem")};
  const auto stub = AgentGateway::NewStub(grpc::CreateChannel(argv[1], grpc::SslCredentials(tls)));
  AttachStream stream(*stub, argv[3]);
  const grpc::Status status = stream.Wait();
  std::fprintf(stderr, "grpc_agent: the stream has ended: %s\n", status.error_message().c_str());
  return 1;
}
