// What both servers promise at the wire, shown on a server with an empty service.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "controller/edge/grpc_server.h"
#include "controller/edge/server_credentials.h"
#include "muster/v1/agent.grpc.pb.h"
#include "tests/controller/edge/test_pki.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Remembers who has called last, and does nothing for him.
class PeerService final : public v1::AgentGateway::CallbackService {
 public:
  std::string peer() {
    const MutexLock lock(mutex_);
    return peer_;
  }

 private:
  struct Refusal final : grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage> {
    Refusal() { Finish({grpc::StatusCode::UNIMPLEMENTED, ""}); }
    void OnDone() override { delete this; }
  };

  grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage>* Attach(
      grpc::CallbackServerContext* context) override {
    const MutexLock lock(mutex_);
    peer_ = context->peer();
    return new Refusal;
  }

  Mutex mutex_;
  std::string peer_;
};

class EdgeTest : public ::testing::Test {
 protected:
  std::unique_ptr<GrpcServer> StartServer(const std::string& listen = "127.0.0.1:0") {
    SetTlsDefaults();
    const std::string dir = pki_.MakeTlsDir("server", pki_.Issue("spiffe://muster/controller/c"));
    auto credentials = MakeServerCredentials(dir);
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    GrpcServerOptions options;
    options.credentials = *credentials;
    options.max_receive_bytes = 1 << 20;
    auto acceptor = Acceptor::Listen(listen, {}, refusals_, clock_);
    start_status_ = acceptor.status();
    if (!acceptor.ok()) return nullptr;
    port_ = (*acceptor)->port();
    acceptors_.push_back(std::move(*acceptor));
    auto server = GrpcServer::Start(options, *acceptors_.back(), service_);
    start_status_ = server.status();
    return server.ok() ? std::move(*server) : nullptr;
  }

  // A handshake with our certificate, with exactly this version; what was negotiated, or "".
  std::string Handshake(int port, int version) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    const std::string dir = pki_.MakeTlsDir("client", pki_.Issue("spiffe://muster/agent/x0"));
    SSL_CTX_use_certificate_file(context, (dir + "/cert.pem").c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, (dir + "/key.pem").c_str(), SSL_FILETYPE_PEM);
    const unsigned char h2[] = {2, 'h', '2'};
    SSL_CTX_set_alpn_protos(context, h2, sizeof(h2));
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    std::string result = SSL_connect(ssl) == 1 ? SSL_get_version(ssl) : "";
    // Tickets come before the server's first byte of HTTP/2.
    char byte = 0;
    if (!result.empty() && SSL_read(ssl, &byte, 1) == 1 &&
        SSL_SESSION_has_ticket(SSL_get_session(ssl)) == 1) {
      result += " and a ticket";
    }
    SSL_free(ssl);
    close(fd);
    SSL_CTX_free(context);
    return result;
  }

  TestPki pki_;
  PeerService service_;
  SystemClock clock_;
  Refusals refusals_{clock_};
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  int port_ = 0;  // of the last one
  absl::Status start_status_;
};

// TLS 1.3, and no session ticket, which nobody would use.
TEST_F(EdgeTest, SpeaksTls13AndNothingOlder) {
  auto server = StartServer();
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(Handshake(port_, TLS1_3_VERSION), "TLSv1.3");
  EXPECT_EQ(Handshake(port_, TLS1_2_VERSION), "");
}

TEST_F(EdgeTest, ASecondServerOnThePortIsRefused) {
  auto first = StartServer();
  ASSERT_NE(first, nullptr);
  const std::string address = "127.0.0.1:" + std::to_string(port_);
  EXPECT_EQ(StartServer(address), nullptr);
  EXPECT_EQ(start_status_.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(start_status_.ToString(), HasSubstr("cannot listen on " + address));
}

// Else the acceptor would not know whose handshake is over, and end a connection that is well.
TEST_F(EdgeTest, APeerIsCalledAsGrpcCallsIt) {
  for (const std::string host : {"127.0.0.1", "[::1]"}) {
    auto server = StartServer(host + ":0");
    if (server == nullptr && host != "127.0.0.1") continue;  // a machine without IPv6
    ASSERT_NE(server, nullptr) << start_status_;
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("localhost");
    const auto stub = v1::AgentGateway::NewStub(grpc::CreateCustomChannel(
        host + ":" + std::to_string(port_),
        pki_.ClientCredentials(pki_.Issue("spiffe://muster/agent/x0")), arguments));
    grpc::ClientContext context;
    auto stream = stub->Attach(&context);
    stream->WritesDone();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(acceptors_.back()->opening(), 1u) << host;
    EXPECT_TRUE(acceptors_.back()->OnStream(service_.peer()));
    EXPECT_EQ(acceptors_.back()->opening(), 0u) << service_.peer() << " is not found";
  }
}

TEST_F(EdgeTest, APeerWithoutACertificateGetsNoConnection) {
  auto server = StartServer();
  ASSERT_NE(server, nullptr);
  const auto channel = grpc::CreateChannel("localhost:" + std::to_string(port_),
                                           pki_.ClientCredentialsWithoutCertificate());
  const auto stub = v1::AgentGateway::NewStub(channel);
  grpc::ClientContext context;
  auto stream = stub->Attach(&context);
  stream->WritesDone();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(EdgeTest, SaysWhichFileIsWrong) {
  const auto good = pki_.Issue("spiffe://muster/controller/c");
  const std::string dir = pki_.MakeTlsDir("server", good);
  const auto sentence = [&dir] {
    const auto credentials = MakeServerCredentials(dir);
    EXPECT_EQ(credentials.status().code(), absl::StatusCode::kFailedPrecondition);
    return Message(credentials.status());
  };
  std::ofstream(dir + "/key.pem") << pki_.Issue("").key_pem;
  EXPECT_THAT(sentence(), HasSubstr("key.pem is not the private key of the certificate"));
  std::ofstream(dir + "/cert.pem") << "nonsense";
  EXPECT_THAT(sentence(), HasSubstr("cert.pem holds no certificate in PEM form"));
  std::filesystem::remove(dir + "/ca.pem");
  EXPECT_THAT(sentence(), HasSubstr("ca.pem: No such file or directory"));
}

}  // namespace
}  // namespace muster
