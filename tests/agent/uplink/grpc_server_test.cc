// The uplink against a controller made of the real gRPC library.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <deque>

#include "tests/agent/uplink/uplink_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class GrpcServerTest : public UplinkTest {
 protected:
  bool RunUntilDown() {
    return loop_.RunUntil([this] { return !handler_.downs.empty(); });
  }
  bool RunUntilSettled(size_t count) {
    return loop_.RunUntil([this, count] { return handler_.settled.size() >= count; });
  }
};

TEST_F(GrpcServerTest, MessagesGoBothWays) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"welcome:60000:20"});
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([&] { return !handler_.welcomes.empty(); }));
  EXPECT_EQ(handler_.ups, 1);
  EXPECT_EQ(handler_.welcomes[0].fleet_size, 20u);
  EXPECT_EQ(handler_.welcomes[0].ping_interval, 60s);

  uplink->Send(ReportWith("one"));
  uplink->Send(ReportWith("two"));
  ASSERT_TRUE(RunUntilSettled(2));
  EXPECT_THAT(handler_.settled, ElementsAre("one", "two"));
  EXPECT_EQ(handler_.last_sender_clock_ns, 12345u);
  EXPECT_THAT(handler_.downs, ElementsAre());
}

// A frame has 16 KiB, a window 64 KiB.
TEST_F(GrpcServerTest, MessagesLargerThanFramesAndWindowsGoBothWays) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"big:900000"});
  uplink->Start();
  ASSERT_TRUE(RunUntilSettled(1));
  EXPECT_EQ(handler_.settled[0], std::string(900'000, 'x'));

  const std::string large(250'000, 'y');
  for (int i = 0; i < 4; ++i) uplink->Send(ReportWith(large));
  ASSERT_TRUE(RunUntilSettled(5));
  EXPECT_EQ(handler_.settled[1], large);
  EXPECT_EQ(handler_.settled[4], large);
  EXPECT_THAT(handler_.downs, ElementsAre());
}

TEST_F(GrpcServerTest, ManySmallMessagesInFewFramesKeepTheirOrder) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"burst:5000"});
  uplink->Start();
  ASSERT_TRUE(RunUntilSettled(5001));
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(handler_.settled[i], std::to_string(i));

  handler_.settled.clear();
  for (int i = 0; i < 5000; ++i) uplink->Send(ReportWith(std::to_string(i)));
  ASSERT_TRUE(RunUntilSettled(5000));
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(handler_.settled[i], std::to_string(i));
}

TEST_F(GrpcServerTest, StatusOkIsNoReasonToStayAway) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"welcome:60000:1", "end:0:"});
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([&] { return handler_.ups == 2; }));
  EXPECT_EQ(handler_.downs[0],
            "the controller at " + server.address() + " ended the stream with status OK");
}

TEST_F(GrpcServerTest, AnErrorStatusIsTold) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"end:7:x1 is revoked, 100% sure – ask"});
  uplink->Start();
  ASSERT_TRUE(RunUntilDown());
  EXPECT_EQ(handler_.downs[0], "the controller at " + server.address() +
                                   " ended the stream with status PERMISSION_DENIED: "
                                   "x1 is revoked, 100% sure – ask");
}

TEST_F(GrpcServerTest, ARefusalIsToldUnlessAWelcomeWasBeforeIt) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  std::deque<std::vector<std::string>> orders = {
      {"end:7:no"}, {"welcome:60000:1", "end:9:revoked"}, {"end:9:another version"}};
  handler_.on_up = [&] {
    uplink->Send(HelloWith(orders.front()));
    orders.pop_front();
  };
  handler_.on_down = [&] { EXPECT_EQ(handler_.refusals, handler_.downs.size() == 3 ? 1 : 0); };
  uplink->Start();
  EXPECT_TRUE(loop_.RunUntil([&] { return handler_.downs.size() == 3; }));
  uplink->Stop();
}

TEST_F(GrpcServerTest, AKilledControllerIsNoticedAndComeBackTo) {
  auto server = std::make_unique<PeerServer>(Dir("controller"));
  PeerServer other(Dir("controller"));
  auto uplink = NewUplink(server->address() + "," + other.address());
  SayHello(*uplink, {"welcome:60000:1"});
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([&] { return handler_.welcomes.size() == 1; }));
  const std::string address = server->address();
  server.reset();
  ASSERT_TRUE(loop_.RunUntil([&] { return handler_.welcomes.size() == 2; }));
  // The stream was good, so the same controller is tried again; nobody listens there, so the other is.
  ASSERT_EQ(handler_.downs.size(), 2u);
  EXPECT_THAT(handler_.downs[0], HasSubstr("the controller at " + address));
  EXPECT_EQ(handler_.downs[1],
            "the controller at " + address + " could not be reached: Connection refused");
}

TEST_F(GrpcServerTest, AStoppedControllerIsNoticedByItsSilence) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"welcome:2000:1"});
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([&] { return !handler_.welcomes.empty(); }));
  server.Signal(SIGSTOP);
  ASSERT_TRUE(RunUntilDown());
  EXPECT_EQ(handler_.downs[0],
            "the controller at " + server.address() + " has been silent for 3 s");
  server.Signal(SIGCONT);
  ASSERT_TRUE(loop_.RunUntil([&] { return handler_.welcomes.size() == 2; }));
}

// The real server pings each second here; 3 s of silence would end the stream.
TEST_F(GrpcServerTest, PingsKeepAnIdleStreamAlive) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"welcome:2000:1"});
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([&] { return !handler_.welcomes.empty(); }));
  // Each ping wakes us once; moving the silence on wakes us never.
  EXPECT_LE(loop_.CountWakeups(7s), 8);
  EXPECT_THAT(handler_.downs, ElementsAre());
}

TEST_F(GrpcServerTest, ManyUplinksShareALoop) {
  constexpr int kUplinks = 40;
  PeerServer server(Dir("controller"));
  UplinkConfig config;
  config.controllers = ParseControllers(server.address()).value();
  config.stream.tls_dir = Dir("agent");
  std::deque<RecordingHandler> handlers(kUplinks);
  std::deque<H2Uplink> uplinks;
  for (RecordingHandler& handler : handlers) {
    H2Uplink& uplink = uplinks.emplace_back(loop_.get(), config, handler, random_);
    handler.on_up = [&uplink] { uplink.Send(HelloWith({"welcome:60000:1"})); };
    uplink.Start();
  }
  EXPECT_TRUE(loop_.RunUntil([&] {
    return std::all_of(handlers.begin(), handlers.end(),
                       [](const RecordingHandler& handler) { return !handler.welcomes.empty(); });
  }));
}

TEST_F(GrpcServerTest, StopSendsWhatIsQueued) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"welcome:60000:1"});
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([&] { return !handler_.welcomes.empty(); }));
  uplink->Send(ReportWith(std::string(200'000, 'z')));
  uplink->Stop();
  EXPECT_EQ(loop_.CountWakeups(100ms), 0);
  EXPECT_THAT(handler_.downs, ElementsAre());
}

TEST_F(GrpcServerTest, TheHandlerMayStopFromAnyCallback) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"big:1", "big:1", "big:1"});
  handler_.on_message = [&] { uplink->Stop(); };
  uplink->Start();
  ASSERT_TRUE(RunUntilSettled(1));
  EXPECT_EQ(loop_.CountWakeups(100ms), 0);
  EXPECT_THAT(handler_.settled, ElementsAre("x"));
  EXPECT_THAT(handler_.downs, ElementsAre());
}

TEST_F(GrpcServerTest, ANameIsLookedUp) {
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink("localhost" + server.address().substr(server.address().find(':')));
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([&] { return handler_.ups == 1; }));
}

TEST_F(GrpcServerTest, ANameThatDoesNotExistIsTold) {
  auto uplink = NewUplink("no-such-controller.invalid:1");
  uplink->Start();
  ASSERT_TRUE(RunUntilDown());
  EXPECT_THAT(handler_.downs[0],
              HasSubstr("the controller's name no-such-controller.invalid cannot be looked up"));
}

TEST_F(GrpcServerTest, AnExpiredCertificateOfTheControllerIsNotAccepted) {
  Leaf leaf = ControllerLeaf();
  leaf.not_after = -1min;
  ca_.WriteTlsDir(Dir("controller"), leaf);
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  uplink->Start();
  ASSERT_TRUE(RunUntilDown());
  EXPECT_EQ(handler_.downs[0],
            "the controller at " + server.address() +
                " has a certificate that we do not accept: certificate has expired");
  EXPECT_EQ(handler_.ups, 0);
}

TEST_F(GrpcServerTest, ACertificateOfAnotherAuthorityIsNotAccepted) {
  const TestCa other_ca("test CA");
  other_ca.WriteTlsDir(Dir("controller"), ControllerLeaf());
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  uplink->Start();
  ASSERT_TRUE(RunUntilDown());
  EXPECT_THAT(handler_.downs[0], HasSubstr("(it does not come from our ca.pem)"));
  EXPECT_EQ(handler_.ups, 0);
}

TEST_F(GrpcServerTest, AnAgentThatPlaysControllerIsNotAccepted) {
  PeerServer server(Dir("agent"));
  auto uplink = NewUplink(server.address());
  uplink->Start();
  ASSERT_TRUE(RunUntilDown());
  EXPECT_EQ(handler_.downs[0],
            "the controller at " + server.address() +
                " has the certificate of spiffe://muster/agent/x1, which is no controller; a "
                "controller's is like spiffe://muster/controller/<name>");
  EXPECT_EQ(handler_.ups, 0);
}

TEST_F(GrpcServerTest, ACertificateWithoutUriIsNotAccepted) {
  Leaf leaf;
  leaf.dns_names = {"localhost"};
  leaf.ip_addresses = {"127.0.0.1"};
  ca_.WriteTlsDir(Dir("controller"), leaf);
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address());
  uplink->Start();
  ASSERT_TRUE(RunUntilDown());
  EXPECT_THAT(handler_.downs[0], HasSubstr("has a certificate without a URI name"));
  EXPECT_EQ(handler_.ups, 0);
}

TEST_F(GrpcServerTest, TheControllersPatternIsConfigurable) {
  Leaf leaf;
  leaf.uris = {"spiffe://shasta/ncn/musterd/m001"};
  ca_.WriteTlsDir(Dir("controller"), leaf);
  PeerServer server(Dir("controller"));
  auto uplink = NewUplink(server.address(), [](UplinkConfig& config) {
    config.stream.controller_pattern = "spiffe://shasta/ncn/musterd/<name>";
  });
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([&] { return handler_.ups == 1; }));
}

TEST_F(GrpcServerTest, OurExpiredCertificateIsNamedAndTheRenewedOneIsUsed) {
  PeerServer server(Dir("controller"));
  Leaf leaf = AgentLeaf();
  leaf.not_after = -1min;
  ca_.WriteTlsDir(Dir("agent"), leaf);
  auto uplink = NewUplink(server.address());
  SayHello(*uplink, {"welcome:60000:1"});
  uplink->Start();
  ASSERT_TRUE(RunUntilDown());
  EXPECT_THAT(handler_.downs[0], HasSubstr("our certificate has expired"));
  EXPECT_TRUE(handler_.welcomes.empty());

  ca_.WriteTlsDir(Dir("agent"), AgentLeaf());
  ASSERT_TRUE(loop_.RunUntil([&] { return !handler_.welcomes.empty(); }));
}

TEST_F(GrpcServerTest, MissingFilesOfOursAreNamed) {
  auto uplink = NewUplink("127.0.0.1:1",
                          [this](UplinkConfig& config) { config.stream.tls_dir = Dir("nowhere"); });
  uplink->Start();
  ASSERT_TRUE(RunUntilDown());
  EXPECT_EQ(handler_.downs[0],
            "our TLS file " + Dir("nowhere") + "/ca.pem cannot be used: No such file or directory");
}

}  // namespace
}  // namespace muster
