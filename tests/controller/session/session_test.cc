// Agents attach, speak for their node and for no other.
#include <gmock/gmock.h>

#include "controller/session/agent_session.h"
#include "tests/controller/session/session_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(SessionTest, AnAgentAttachesAndIsWelcomed) {
  auto agent = ConnectNode("x0");
  ASSERT_TRUE(agent->Write(HelloOf("x0")));

  const auto message = agent->Read();
  ASSERT_TRUE(message && std::holds_alternative<Welcome>(*message));
  const Welcome& welcome = std::get<Welcome>(*message);
  EXPECT_EQ(welcome.node, "x0");
  EXPECT_EQ(welcome.epoch, (Epoch{"store", 7}));
  EXPECT_EQ(welcome.fleet_size, 1u);
  EXPECT_EQ(welcome.ping_interval, limits::kPingInterval);
  EXPECT_EQ(agent->last_sender_clock(), 4711u);

  const auto up = events_.Next<SessionUp>();
  ASSERT_TRUE(up);
  EXPECT_EQ(up->hello.node, "x0");
  EXPECT_EQ(up->hello.features, HelloOf("x0").features);
  EXPECT_EQ(registry_.Find("x0")->presence, Presence::kAttached);
}

TEST_F(SessionTest, TheRunnersMessagesReachTheAgentAndItsReportsTheRunner) {
  auto agent = Attach("x0");
  const AttemptKey key{"jobs/j/tasks/x0", 1};
  ASSERT_TRUE(table_->Send(last_session_, Settled{"x0", key}));
  ASSERT_TRUE(table_->Send(last_session_, Cancel{"x0", key}));
  const auto first = agent->Read();
  ASSERT_TRUE(first && std::holds_alternative<Settled>(*first));
  EXPECT_EQ(std::get<Settled>(*first).key, key);
  const auto second = agent->Read();
  ASSERT_TRUE(second && std::holds_alternative<Cancel>(*second));

  Outcome outcome;
  outcome.state = OutcomeState::kSucceeded;
  ASSERT_TRUE(agent->Write(Report{"x0", key, outcome}));
  const auto report = events_.Next<ReportReceived>();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->session, last_session_);
  EXPECT_EQ(report->report.key, key);
  EXPECT_EQ(report->report.outcome->state, OutcomeState::kSucceeded);
}

TEST_F(SessionTest, WhatANodeSaysOfItselfLaterIsKnown) {
  auto agent = Attach("x0");
  NodeStatus status;
  status.node = "x0";
  status.units.resize(1);
  status.units[0].unit = "cray-orca.service";
  status.units[0].active_state = "failed";
  status.mounted = {{"/s", "/t", "dvs"}};
  ASSERT_TRUE(agent->Write(status));
  // In the order of the stream.
  ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, std::nullopt}));
  ASSERT_TRUE(events_.Next<ReportReceived>());
  EXPECT_EQ(registry_.Find("x0")->hello.status, status);
  EXPECT_TRUE(registry_.Find("x0")->had_content);

  Report report{"x0", {"t", 1}, Outcome()};
  report.outcome->evidence.after = status.units[0];
  report.outcome->evidence.after->active_state = "active";
  ASSERT_TRUE(agent->Write(report));
  ASSERT_TRUE(events_.Next<ReportReceived>());
  EXPECT_EQ(registry_.Find("x0")->hello.status.units[0].active_state, "active");

  status.node = "x1";
  ASSERT_TRUE(agent->Write(status));
  EXPECT_EQ(agent->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(SessionTest, HowFarANodesClockIsOffIsKnown) {
  const auto ahead_of = [this](const std::string& node, uint64_t wall_clock_ns) {
    Hello hello = HelloOf(node);
    hello.wall_clock_ns = wall_clock_ns;
    auto agent = ConnectNode(node);
    EXPECT_TRUE(agent->Write(hello));
    EXPECT_TRUE(events_.Next<SessionUp>());
    const auto ahead = registry_.Find(node)->clock_ahead;
    agent.reset();
    EXPECT_TRUE(events_.Next<SessionDown>());
    return ahead;
  };
  const Duration now = std::chrono::system_clock::now().time_since_epoch();
  const auto fast = ahead_of("x0", static_cast<uint64_t>((now + 24h).count()));
  ASSERT_TRUE(fast);
  EXPECT_GT(*fast, 23h);
  EXPECT_LE(*fast, 24h);
  EXPECT_EQ(ahead_of("x1", 0), std::nullopt) << "an agent that does not tell";
  EXPECT_EQ(ahead_of("x1", UINT64_MAX), std::nullopt);
}

TEST_F(SessionTest, AStatusOfTooManyUnitsEndsTheStream) {
  auto agent = Attach("x0");
  NodeStatus status;
  status.node = "x0";
  status.units.resize(limits::kMaxStatusUnits + 1);
  ASSERT_TRUE(agent->Write(status));
  const grpc::Status end = agent->Finish();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(end.error_message(), HasSubstr("status of node x0: too many units"));
}

// It wakes no node by itself.
TEST_F(SessionTest, SettledComesWithTheNextMessage) {
  auto agent = Attach("x0");
  ASSERT_TRUE(table_->Send(last_session_, Settled{"x0", {"t", 1}}));
  ASSERT_TRUE(table_->Send(last_session_, Settled{"x0", {"t", 2}}));
  ASSERT_TRUE(table_->Send(last_session_, Cancel{"x0", {"t", 3}}));
  for (const uint32_t attempt : {1, 2}) {
    const auto settled = agent->Read();
    ASSERT_TRUE(settled && std::holds_alternative<Settled>(*settled));
    EXPECT_EQ(std::get<Settled>(*settled).key.attempt, attempt);
  }
  EXPECT_EQ(agent->wire_messages(), 2) << "Welcome, and one with all of them";
  ASSERT_TRUE(table_->Send(last_session_, Cancel{"x0", {"t", 4}}));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(std::holds_alternative<Cancel>(*agent->Read()));
}

TEST_F(SessionTest, ManySettledComeAlone) {
  auto agent = Attach("x0");
  for (int i = 0; i < kMaxSettledAlone; ++i)
    ASSERT_TRUE(table_->Send(last_session_, Settled{"x0", {"t", 1}}));
  for (int i = 0; i < kMaxSettledAlone; ++i)
    EXPECT_TRUE(std::holds_alternative<Settled>(*agent->Read()));
  EXPECT_EQ(agent->wire_messages(), 2);
}

TEST_F(SessionTest, AFloodOfReportsIsReadSlowlyAndNamed) {
  auto agent = Attach("x0");
  for (int i = 0; i < kReportBurst + 2; ++i)
    ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, std::nullopt}));
  for (int i = 0; i < kReportBurst; ++i) ASSERT_TRUE(events_.Next<ReportReceived>());
  WaitForRefusal(Refusal::kReportsTooMuch, "node x0");
  // The clock of the test stands still, so its session never may go on; it can end all the same.
  agent->Cancel();
  EXPECT_TRUE(events_.Next<SessionDown>());
}

TEST_F(SessionTest, ANodeThatAttachesAgainAndAgainWaits) {
  for (int i = 0; i < kAttachBurst; ++i) {
    Attach("x0");
    ASSERT_TRUE(events_.Next<SessionDown>());
  }
  auto late = ConnectNode("x0");
  ASSERT_TRUE(late->Write(HelloOf("x0")));
  WaitForRefusal(Refusal::kAttachesTooOften, "node x0");
  auto other = Attach("x1");
  EXPECT_NE(last_session_, 0u) << "others do not wait";
  late->Cancel();
}

TEST_F(SessionTest, AConnectionThatOpensStreamAfterStreamIsCut) {
  const auto channel = ChannelOf("spiffe://muster/agent/x0");
  for (uint32_t i = 0; i < kMaxStreamsOfAConnection; ++i) {
    TestAgent agent(channel);
    ASSERT_TRUE(agent.Write(UnknownMessage{}));
    EXPECT_EQ(agent.Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  }
  TestAgent agent(channel);
  EXPECT_FALSE(agent.Finish().ok());
  WaitForRefusal(Refusal::kTooManyStreams, "127.0.0.1");
  // It has to come back by another connection, which the channel opens when it has seen the end of this one.
  ASSERT_TRUE(channel->WaitForStateChange(GRPC_CHANNEL_READY,
                                          std::chrono::system_clock::now() + kPatience));
  TestAgent back(channel);
  EXPECT_TRUE(back.Write(HelloOf("x0")));
  EXPECT_TRUE(back.Read().has_value());
}

TEST_F(SessionTest, AnOutcomesSentenceIsCut) {
  auto agent = Attach("x0");
  Outcome outcome;
  outcome.detail = std::string(limits::kMaxDetailBytes + 1, 'x');
  ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, outcome}));
  EXPECT_EQ(events_.Next<ReportReceived>()->report.outcome->detail.size(), limits::kMaxDetailBytes);
}

TEST_F(SessionTest, AnOutcomesSentenceIsCutBetweenCharacters) {
  auto agent = Attach("x0");
  Outcome outcome;
  outcome.detail = std::string(limits::kMaxDetailBytes - 1, 'x') + "é";
  ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, outcome}));
  // The store could not read the half of a character back, and musterd would not start again.
  EXPECT_EQ(events_.Next<ReportReceived>()->report.outcome->detail,
            std::string(limits::kMaxDetailBytes - 1, 'x'));
}

TEST_F(SessionTest, ANodeWhoseNameNobodyCouldTypeIsRefused) {
  for (const std::string node : {"X0", "x[0]"}) {
    auto agent = ConnectNode(node);
    ASSERT_TRUE(agent->Write(HelloOf(node)));
    EXPECT_EQ(agent->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << node;
  }
}

TEST_F(SessionTest, AnOperatorIsNoAgent) {
  const grpc::Status status = Connect("spiffe://muster/operator/alice")->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("not an agent's"));
  EXPECT_THAT(status.error_message(), HasSubstr("spiffe://muster/operator/alice"));
}

TEST_F(SessionTest, ACertificateWithoutAUriIsNobodys) {
  EXPECT_EQ(Connect("")->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(SessionTest, ANodeThatTheCertificateDoesNotNameIsRefused) {
  auto agent = ConnectNode("x1");
  ASSERT_TRUE(agent->Write(HelloOf("x0")));
  const grpc::Status status = agent->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("not that of node 'x0' but of x1"));
  EXPECT_EQ(registry_.Find("x0")->presence, Presence::kNeverSeen);
}

TEST_F(SessionTest, AHelloThatBreaksARuleIsRefused) {
  const auto code_of = [this](const Hello& hello) {
    auto agent = ConnectNode("x0");
    agent->Write(hello);
    return agent->Finish().error_code();
  };
  Hello hello = HelloOf("x0");
  hello.protocol_version = kProtocolVersion + 1;
  EXPECT_EQ(code_of(hello), grpc::StatusCode::FAILED_PRECONDITION);
  hello.protocol_version = kOldestProtocolVersion - 1;
  EXPECT_EQ(code_of(hello), grpc::StatusCode::FAILED_PRECONDITION);
  hello = HelloOf("x0");
  hello.incarnation = "short";
  EXPECT_EQ(code_of(hello), grpc::StatusCode::INVALID_ARGUMENT);
  hello = HelloOf("x0");
  hello.held.assign(limits::kMaxHeldAttempts + 1, AttemptKey{"t", 1});
  EXPECT_EQ(code_of(hello), grpc::StatusCode::INVALID_ARGUMENT);
  hello = HelloOf("x0");
  hello.seen_epoch = Epoch{std::string(65, 's'), 1};
  EXPECT_EQ(code_of(hello), grpc::StatusCode::INVALID_ARGUMENT);
  hello = HelloOf("x0");
  hello.aliases.assign(1, std::string(limits::kMaxNameBytes + 1, 'a'));
  EXPECT_EQ(code_of(hello), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(SessionTest, AnAgentOfTheVersionBeforeIsWelcomeAndToldOurs) {
  auto agent = ConnectNode("x0");
  Hello hello = HelloOf("x0");
  hello.protocol_version = kOldestProtocolVersion;
  ASSERT_TRUE(agent->Write(hello));
  const auto message = agent->Read();
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<Welcome>(*message).protocol_version, kProtocolVersion);
  EXPECT_EQ(registry_.Find("x0")->hello.protocol_version, kOldestProtocolVersion);
}

TEST_F(SessionTest, ALargerMessageThanAllowedEndsTheStream) {
  auto agent = ConnectNode("x0");
  Hello hello = HelloOf("x0");
  hello.agent_version = std::string(limits::kMaxAgentMessageBytes + 1, 'x');
  agent->Write(hello);
  EXPECT_NE(agent->Finish().error_code(), grpc::StatusCode::OK);
  EXPECT_EQ(registry_.Find("x0")->presence, Presence::kNeverSeen);
}

TEST_F(SessionTest, ALargerReportThanAllowedEndsTheStream) {
  auto agent = Attach("x0");
  Outcome outcome;
  outcome.evidence.error_name = std::string(limits::kMaxReportBytes, 'x');
  ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, outcome}));
  const grpc::Status status = agent->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("bytes at once; at most 16384 are taken"));
}

TEST_F(SessionTest, TheFirstMessageMustBeHello) {
  auto agent = ConnectNode("x0");
  ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, Outcome{}}));
  EXPECT_EQ(agent->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(SessionTest, ASecondHelloEndsTheStream) {
  auto agent = Attach("x0");
  ASSERT_TRUE(agent->Write(HelloOf("x0")));
  EXPECT_EQ(agent->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(SessionTest, AReportOfAnotherNodeEndsTheStream) {
  auto agent = Attach("x0");
  ASSERT_TRUE(agent->Write(Report{"x1", {"t", 1}, Outcome{}}));
  const grpc::Status status = agent->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("cannot speak for 'x1'"));
  EXPECT_EQ(events_.Next<SessionDown>()->session, last_session_);
}

TEST_F(SessionTest, MessagesOfANewerAgentAreIgnored) {
  auto agent = Attach("x0");
  ASSERT_TRUE(agent->Write(UnknownMessage{}));
  ASSERT_TRUE(agent->Write(Report{"x0", {"t", 1}, std::nullopt}));
  EXPECT_TRUE(events_.Next<ReportReceived>());
}

TEST_F(SessionTest, AnAgentThatHasSeenALaterLifeOfOurStoreIsRefusedAndTheLogSaysWhatToDo) {
  Hello hello = HelloOf("x0");
  hello.seen_epoch = Epoch{"store", 8};
  testing::internal::CaptureStdout();
  for (int i = 0; i < 3; ++i) {
    auto agent = ConnectNode("x0");
    ASSERT_TRUE(agent->Write(hello));
    const grpc::Status status = agent->Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(
        status.error_message(),
        HasSubstr("node x0 has seen epoch 8 of store store, and this controller is at epoch "
                  "7: its state directory is a restored backup or a copy"));
    EXPECT_THAT(status.error_message(), HasSubstr("start musterd once with --restored"));
  }
  EXPECT_EQ(registry_.Find("x0")->presence, Presence::kNeverSeen);
  const std::string log = testing::internal::GetCapturedStdout();
  EXPECT_THAT(log, HasSubstr("--restored\"\n"));
  EXPECT_THAT(log, Not(HasSubstr("again="))) << "the others are for the next minute's line";
  testing::internal::CaptureStdout();
  clock_.Advance(59s);
  refusals_.Flush();
  EXPECT_THAT(testing::internal::GetCapturedStdout(), IsEmpty());
  testing::internal::CaptureStdout();
  clock_.Advance(1s);
  refusals_.Flush();
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("--restored\" again=2"));
}

TEST_F(SessionTest, AnyOtherEpochThatAnAgentHasSeenIsWelcome) {
  for (const Epoch& seen : {Epoch{"store", 7}, Epoch{"store", 1}, Epoch{"another", 1000}}) {
    auto agent = ConnectNode("x0");
    Hello hello = HelloOf("x0");
    hello.seen_epoch = seen;
    ASSERT_TRUE(agent->Write(hello));
    EXPECT_TRUE(agent->Read().has_value()) << seen.store_id << seen.counter;
  }
}

}  // namespace
}  // namespace muster
