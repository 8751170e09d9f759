// A whole agent, and two controllers that do not agree on what it has to say.
#include <gtest/gtest.h>

#include "agent/swarm/swarm_agent.h"
#include "common/version.h"
#include "tests/agent/uplink/raw_server_fixture.h"

namespace muster::swarm {
namespace {

class TwoControllersTest : public RawServerTest {
 protected:
  // The protocol version that the agent says; 0 if it says nothing.
  static uint32_t ReadVersion(RawConnection& connection) {
    RawFrame frame;
    v1::AgentMessage message;
    if (!connection.WaitFor(FrameType::kData, &frame) ||
        !message.ParseFromString(frame.payload.substr(kFramePrefixBytes)))
      return 0;
    return message.hello().protocol_version();
  }
  static void Refuse(RawConnection& connection) {
    connection.WriteHeaders({{"grpc-status", "9"}, {"grpc-message", "no"}}, kEndStream);
    connection.WaitForClose();
  }
  static std::string WelcomeOf(uint32_t version) {
    const Welcome welcome{"x1", {"store", 1}, 1, 60s, version};
    return GrpcFrame(ToProto(ControllerMessage(welcome), 1).SerializeAsString());
  }
};

// The one waits for the older version, the other refuses whatever it is told.
TEST_F(TwoControllersTest, OneThatAlwaysRefusesDoesNotKeepAnAgentFromAnOlderOne) {
  RawServer older(Dir("controller"), [](RawConnection& connection) {
    connection.Answer();
    if (ReadVersion(connection) != kOldestProtocolVersion) return Refuse(connection);
    connection.WriteFrame(FrameType::kData, 0, 1, WelcomeOf(kOldestProtocolVersion));
    connection.WaitForClose();
  });
  RawServer refusing(Dir("controller"), [](RawConnection& connection) {
    connection.Answer();
    ReadVersion(connection);
    Refuse(connection);
  });
  UplinkConfig uplink;
  uplink.controllers = ParseControllers(older.address() + "," + refusing.address()).value();
  uplink.stream.tls_dir = Dir("agent");
  const Profile profile;
  Tally tally;
  SwarmAgent agent(loop_.get(), {"x1", "boot-1", uplink}, profile, tally, nullptr, random_);
  agent.Start();
  EXPECT_TRUE(loop_.RunUntil([&tally] { return tally.attached == 1; }));
}

}  // namespace
}  // namespace muster::swarm
