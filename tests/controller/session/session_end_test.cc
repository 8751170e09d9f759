// How sessions end: replaced, too long without a word, behind, expired, revoked, or with the server.
#include <gmock/gmock.h>

#include <thread>

#include "controller/session/agent_session.h"
#include "tests/controller/session/session_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;

TEST_F(SessionTest, WhenAnAgentGoesItsNodeIsAway) {
  Attach("x0");
  const auto down = events_.Next<SessionDown>();
  ASSERT_TRUE(down);
  EXPECT_EQ(down->session, last_session_);
  EXPECT_EQ(down->node, "x0");
  EXPECT_EQ(registry_.Find("x0")->presence, Presence::kAway);
  EXPECT_FALSE(table_->Send(last_session_, Cancel{}));
}

TEST_F(SessionTest, AnAgentThatSaysGoodbyeGetsOk) {
  auto agent = Attach("x0");
  agent->WritesDone();
  EXPECT_TRUE(agent->Finish().ok());
}

TEST_F(SessionTest, ANewerSessionReplacesTheOlder) {
  auto older = Attach("x0");
  const SessionId older_session = last_session_;
  auto newer = Attach("x0");

  const grpc::Status status = older->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(status.error_message(), HasSubstr("replaced by a newer session"));
  EXPECT_EQ(events_.Next<SessionDown>()->session, older_session);
  EXPECT_EQ(registry_.Find("x0")->presence, Presence::kAttached);
  EXPECT_TRUE(table_->Send(last_session_, Cancel{"x0", {"t", 1}}));
  EXPECT_TRUE(newer->Read());
}

TEST_F(SessionTest, TheRunnerCloses) {
  auto agent = Attach("x0");
  table_->Close(last_session_, "because");
  const grpc::Status status = agent->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(status.error_message(), "because");
}

TEST_F(SessionTest, AStreamWithoutHelloIsSwept) {
  auto silent = ConnectNode("x1");
  auto attached = Attach("x0");
  while (table_->size() < 2) std::this_thread::yield();  // the test's time limit ends this
  Sweep(limits::kHelloDeadline);
  EXPECT_EQ(table_->size(), 2u);
  Sweep(limits::kHelloDeadline + 1s);
  EXPECT_EQ(silent->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(table_->Send(last_session_, Cancel{}));
}

TEST_F(SessionTest, ASessionEndsWithItsCertificate) {
  auto agent = Attach("x0", 50s);
  Sweep(0s, 40s);  // by the wall clock, whatever the other says
  ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, std::nullopt}));
  EXPECT_TRUE(events_.Next<ReportReceived>());
  Sweep(0s, 51s);
  const grpc::Status status = agent->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("expired"));
}

TEST_F(SessionTest, ARevokedCertificateEndsItsSessionAndGetsNoOther) {
  auto agent = Attach("x0");
  Revoke("spiffe://muster/agent/x0");
  Sweep();
  EXPECT_EQ(agent->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ConnectNode("x0")->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(SessionTest, AnExpiredCertificateGetsNoConnection) {
  EXPECT_EQ(ConnectNode("x0", -30s)->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

// Fills the stream's window, then the outbox.
Command LargeCommand() {
  Command command;
  command.node = "x0";
  command.incarnation = std::string(64 << 10, 'x');
  return command;
}

TEST_F(SessionTest, AnAgentThatDoesNotReadIsCutOffWhenItsOutboxIsFull) {
  auto agent = Attach("x0");
  size_t sent = 0;
  while (sent < 100 * kMaxSessionOutbox && table_->Send(last_session_, LargeCommand())) ++sent;
  EXPECT_GE(sent, kMaxSessionOutbox);
  EXPECT_LT(sent, 100 * kMaxSessionOutbox);
  EXPECT_EQ(events_.Next<SessionDown>()->session, last_session_);
}

TEST_F(SessionTest, AnAgentThatDoesNotReadIsCutOffAfterAWhile) {
  auto agent = Attach("x0");
  for (size_t i = 0; i < kMaxSessionOutbox / 2; ++i)
    ASSERT_TRUE(table_->Send(last_session_, LargeCommand()));
  clock_.Advance(kWriteTimeout + 1s);
  // Writes before the window was full may end while we look; the one that cannot is found at last.
  do {
    Sweep();
    clock_.Advance(kWriteTimeout + 1s);
    std::this_thread::yield();
  } while (table_->size() > 0);
  EXPECT_EQ(events_.Next<SessionDown>()->session, last_session_);
}

TEST_F(SessionTest, WhenTheRunnerTakesNoMoreTheSessionEnds) {
  auto agent = Attach("x0");
  events_.RefuseReports();
  ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, Outcome{}}));
  EXPECT_EQ(agent->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(events_.Next<SessionDown>());
}

TEST_F(SessionTest, WhenTheRunnerTakesNoNewSessionTheOldOneStays) {
  auto agent = Attach("x0");
  events_.RefuseAll();
  auto second = ConnectNode("x0");
  ASSERT_TRUE(second->Write(HelloOf("x0")));
  EXPECT_EQ(second->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  while (table_->size() > 1) std::this_thread::yield();  // the test's time limit ends this
  EXPECT_EQ(registry_.Find("x0")->presence, Presence::kAttached);
  EXPECT_TRUE(table_->Send(last_session_, Cancel{}));
  agent.reset();
  EXPECT_EQ(events_.Next<SessionDown>()->session, last_session_) << "and no other";
}

TEST_F(SessionTest, ShutdownEndsEverySession) {
  auto first = Attach("x0");
  auto second = Attach("x1");
  server_->Shutdown(0s);
  EXPECT_EQ(table_->size(), 0u);
  EXPECT_TRUE(events_.Next<SessionDown>());
  EXPECT_TRUE(events_.Next<SessionDown>());
}

}  // namespace
}  // namespace muster
