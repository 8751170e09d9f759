// The agents' server with real TLS, and agents as gRPC clients.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "controller/edge/server_credentials.h"
#include "controller/session/agent_server.h"
#include "controller/session/session_table.h"
#include "proto/convert.h"
#include "tests/controller/edge/test_pki.h"

namespace muster {

// How long a test waits for what must come before it fails.
inline constexpr auto kPatience = 20s;

class ManualClock final : public Clock {
 public:
  Time Now() const override {
    const MutexLock lock(mutex_);
    return now_;
  }
  uint64_t BoottimeNs() const override { return 4711; }
  void Advance(Duration by) {
    const MutexLock lock(mutex_);
    now_ += by;
  }

 private:
  mutable Mutex mutex_;
  Time now_ = std::chrono::system_clock::now();
};

// A runner that writes down what it hears.
class RecordingEvents final : public SessionEvents {
 public:
  bool Post(Event event) override {
    const MutexLock lock(mutex_);
    if (refuses_reports_ && std::holds_alternative<ReportReceived>(event)) return false;
    if (refuses_sessions_ && std::holds_alternative<SessionUp>(event)) return false;
    events_.push_back(std::move(event));
    changed_.notify_all();
    return true;
  }
  void RefuseReports() {
    const MutexLock lock(mutex_);
    refuses_reports_ = true;
  }
  void RefuseAll() {
    const MutexLock lock(mutex_);
    refuses_reports_ = true;
    refuses_sessions_ = true;
  }
  // The next event, which must be an E.
  template <typename E>
  std::optional<E> Next() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    const MutexLock lock(mutex_);
    while (events_.empty()) {
      if (changed_.wait_until(mutex_, end) == std::cv_status::no_timeout) continue;
      ADD_FAILURE() << "no event came";
      return std::nullopt;
    }
    Event event = std::move(events_.front());
    events_.pop_front();
    if (E* expected = std::get_if<E>(&event)) return std::move(*expected);
    ADD_FAILURE() << "another event, of index " << event.index();
    return std::nullopt;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<Event> events_;
  bool refuses_reports_ = false;
  bool refuses_sessions_ = false;
};

// One stream of an agent.
class TestAgent {
 public:
  explicit TestAgent(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::AgentGateway::NewStub(channel)), stream_(stub_->Attach(&context_)) {}
  ~TestAgent() { context_.TryCancel(); }

  bool Write(const AgentMessage& message) { return stream_->Write(ToProto(message)); }
  std::optional<ControllerMessage> Read() {
    while (messages_.empty()) {
      if (!stream_->Read(&raw_)) return std::nullopt;
      ++wire_messages_;
      for (ControllerMessage& message : FromProto(raw_)) messages_.push_back(std::move(message));
    }
    ControllerMessage first = std::move(messages_.front());
    messages_.pop_front();
    return first;
  }
  int wire_messages() const { return wire_messages_; }
  uint64_t last_sender_clock() const { return raw_.sender_clock_ns(); }
  void WritesDone() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }
  // How the controller ended it, after whatever it had still sent.
  grpc::Status Finish() {
    while (Read()) {
    }
    return stream_->Finish();
  }

 private:
  std::unique_ptr<v1::AgentGateway::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AgentMessage, v1::ControllerMessage>> stream_;
  v1::ControllerMessage raw_;
  int wire_messages_ = 0;
  std::deque<ControllerMessage> messages_;  // of raw_, not read yet
};

inline Hello HelloOf(const std::string& node) {
  Hello hello;
  hello.node = node;
  hello.incarnation = "0123456789abcdef0123456789abcdef";
  hello.boot_id = "b";
  hello.agent_version = "1";
  hello.features = {kRestartUnitFeature};
  hello.status.node = node;
  return hello;
}

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    SessionOptions options;
    options.epoch = {"store", 7};
    options.is_revoked = [this](const CertificateInfo& certificate) {
      const MutexLock lock(mutex_);
      return !revoked_uri_.empty() && certificate.uris.front() == revoked_uri_;
    };
    table_ = std::make_unique<SessionTable>(options, events_, registry_, refusals_, clock_);
    AcceptorOptions connections;
    connections.max_streams = kMaxStreamsOfAConnection;
    acceptor_ = *Acceptor::Listen("127.0.0.1:0", connections, refusals_, system_clock_);
    gateway_ = std::make_unique<AgentGateway>(*table_, *acceptor_);
    SetTlsDefaults();
    auto credentials = MakeServerCredentials(
        pki_.MakeTlsDir("server", pki_.Issue("spiffe://muster/controller/c")));
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    auto server = StartAgentServer(*acceptor_, *credentials, *gateway_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
  }

  void Revoke(const std::string& uri) {
    const MutexLock lock(mutex_);
    revoked_uri_ = uri;
  }

  // This much later than now.
  void Sweep(Duration later = 0s, std::chrono::seconds wall_later = 0s) {
    table_->Sweep(clock_.Now() + later, std::chrono::system_clock::now() + wall_later);
  }

  // Until it has been noted at least once.
  void WaitForRefusal(Refusal reason, const std::string& source) {
    const auto is_there = [&] {
      for (const RefusalCount& count : refusals_.Counts()) {
        if (count.reason == reason) return count.last_source == source;
      }
      return false;
    };
    while (!is_there()) std::this_thread::yield();  // the test's time limit ends this
  }

  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& uri, Duration lifetime = 3600s) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("localhost:" + std::to_string(acceptor_->port()),
                                     pki_.ClientCredentials(pki_.Issue(uri, lifetime)), arguments);
  }
  std::unique_ptr<TestAgent> Connect(const std::string& uri, Duration lifetime = 3600s) {
    return std::make_unique<TestAgent>(ChannelOf(uri, lifetime));
  }
  std::unique_ptr<TestAgent> ConnectNode(const std::string& node, Duration lifetime = 3600s) {
    return Connect("spiffe://muster/agent/" + node, lifetime);
  }
  // Attached, with its Welcome and SessionUp taken.
  std::unique_ptr<TestAgent> Attach(const std::string& node, Duration lifetime = 3600s) {
    auto agent = ConnectNode(node, lifetime);
    EXPECT_TRUE(agent->Write(HelloOf(node)));
    EXPECT_TRUE(agent->Read().has_value());
    const auto up = events_.Next<SessionUp>();
    last_session_ = up ? up->session : 0;
    return agent;
  }

  TestPki pki_;
  ManualClock clock_;
  SystemClock system_clock_;
  Refusals refusals_{clock_};
  RecordingEvents events_;
  NodeRegistry registry_{{InventoryNode{"x0", {"nid000001"}, "Compute"}}};
  Mutex mutex_;
  std::string revoked_uri_;
  std::unique_ptr<SessionTable> table_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<AgentGateway> gateway_;
  std::unique_ptr<GrpcServer> server_;
  SessionId last_session_ = 0;
};

}  // namespace muster
