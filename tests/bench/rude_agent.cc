// rude_agent - one agent, with a certificate of its own, that does to its controller what none should (rude_bench.py).
//
//   rude_agent CONTROLLER TLS_DIR NODE HOW
//
//   deaf      attaches, and reads nothing
//   flood     attaches, and reports as fast as the stream takes it
//   large     attaches, and sends 4 MiB at once; again and again
//   streams   opens streams, and leaves each at once
//   attaches  attaches again and again
//
// Until it is killed.
#include <absl/synchronization/mutex.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "muster/v1/agent.grpc.pb.h"

namespace {

using muster::v1::AgentGateway;
using muster::v1::AgentMessage;
using muster::v1::ControllerMessage;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

AgentMessage Hello(const std::string& node) {
  AgentMessage message;
  message.mutable_hello()->set_node(node);
  message.mutable_hello()->set_incarnation(std::string(32, '0'));
  message.mutable_hello()->set_protocol_version(1);
  message.mutable_hello()->mutable_status()->set_node(node);
  return message;
}

AgentMessage Report(const std::string& node, size_t detail_bytes) {
  AgentMessage message;
  message.mutable_report()->set_node(node);
  message.mutable_report()->mutable_key()->set_task("jobs/none/tasks/" + node);
  message.mutable_report()->mutable_key()->set_attempt(1);
  message.mutable_report()->mutable_outcome()->set_detail(std::string(detail_bytes, 'x'));
  return message;
}

class Stream {
 public:
  explicit Stream(AgentGateway::Stub& stub) : stream_(stub.Attach(&context_)) {}
  ~Stream() {
    context_.TryCancel();
    stream_->Finish();
  }

  bool Write(const AgentMessage& message) { return stream_->Write(message); }
  bool Read() {
    ControllerMessage message;
    return stream_->Read(&message);
  }
  // Attached, once the Welcome has come.
  bool Attach(const std::string& node) { return Write(Hello(node)) && Read(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<AgentMessage, ControllerMessage>> stream_;
};

bool BeRude(AgentGateway::Stub& stub, const std::string& node, const std::string& how) {
  Stream stream(stub);
  if (how == "streams") return true;
  if (!stream.Attach(node)) return true;
  if (how == "attaches") return true;
  if (how == "large") {
    stream.Write(Report(node, 4 << 20));
    return true;
  }
  if (how == "deaf") {
    std::this_thread::sleep_for(std::chrono::hours(1));
    return true;
  }
  if (how != "flood") return false;
  const AgentMessage report = Report(node, 100);
  while (stream.Write(report)) {
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (argc != 5) return 2;
  const std::string tls_dir = argv[2];
  const grpc::SslCredentialsOptions tls{ReadFile(tls_dir + "/ca.pem"),
                                        ReadFile(tls_dir + "/key.pem"),
                                        ReadFile(tls_dir + "/cert.pem")};
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  const auto channel = grpc::CreateCustomChannel(argv[1], grpc::SslCredentials(tls), arguments);
  const auto stub = AgentGateway::NewStub(channel);
  while (BeRude(*stub, argv[3], argv[4])) {
  }
  std::fprintf(stderr, "rude_agent: there is no way '%s'\n", argv[4]);
  return 2;
}
