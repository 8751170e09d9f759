// The life of a stream: what is sent on it, and when nothing is.
#include <gmock/gmock.h>
#include <systemd/sd-event.h>

#include <future>

#include "common/limits.h"
#include "tests/agent/uplink/raw_server_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(RawServerTest, PingsAreAnswered) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              const bool answered = connection.WaitForPong();
              connection.WriteHeaders({{"grpc-status", answered ? "0" : "2"}}, kEndStream);
              connection.WaitForClose();
            }),
            "ended the stream with status OK");
}

// Its Welcome alone would make it a good controller, to which the uplink comes back.
TEST_F(RawServerTest, ARejectedControllerIsLeftForTheNext) {
  RawServer stale(Dir("controller"), [](RawConnection& connection) {
    connection.Answer();
    connection.WriteFrame(FrameType::kData, 0, 1, WelcomeFrame(60s));
    connection.WaitForClose();
  });
  RawServer good(Dir("controller"), [](RawConnection& connection) {
    connection.Answer();
    connection.WriteFrame(FrameType::kData, 0, 1, SettledFrame("good"));
    connection.WaitForClose();
  });
  auto uplink = NewUplink(stale.address() + "," + good.address());
  handler_.on_message = [&] {
    if (handler_.settled.empty()) uplink->Reject("is stale");
  };
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.settled.empty(); }));
  EXPECT_THAT(handler_.downs, ElementsAre("the controller at " + stale.address() + " is stale"));
  uplink->Stop();
}

// Two seconds in which nothing comes, with a Welcome whose pings are a minute apart: nothing wakes us.
TEST_F(RawServerTest, AnIdleStreamDoesNotWake) {
  RawServer server(Dir("controller"), [](RawConnection& connection) {
    connection.Answer();
    connection.WriteFrame(FrameType::kData, 0, 1, WelcomeFrame(60s) + SettledFrame("last"));
    connection.WaitForClose();
  });
  auto uplink = NewUplink(server.address());
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.settled.empty(); }));
  // What the handshake has left over: the acknowledgement of our SETTINGS is not sent by this server.
  loop_.CountWakeups(200ms);
  EXPECT_EQ(loop_.CountWakeups(2s), 0);
}

// The server takes nothing but the Hello: its window is 64 KiB, and it gives no more.
TEST_F(RawServerTest, AnOutboxThatRunsOverEndsTheStream) {
  RawServer server(Dir("controller"), [](RawConnection& connection) {
    connection.Answer();
    connection.WriteFrame(FrameType::kData, 0, 1, WelcomeFrame(60s));
    connection.WaitForClose();
  });
  auto uplink = NewUplink(server.address());
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.welcomes.empty(); }));
  constexpr size_t kReport = 200'000;
  for (size_t sent = 0; sent <= limits::kMaxOutboxBytes + kReport; sent += kReport)
    uplink->Send(ReportWith(std::string(kReport, 'x')));
  EXPECT_THAT(handler_.downs, IsEmpty()) << "no callback from inside Send";
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.downs.empty(); }));
  EXPECT_THAT(handler_.downs[0], HasSubstr("takes nothing more: "));
}

// Such a stream cannot be flushed, either: Stop gives up after two seconds.
TEST_F(RawServerTest, StopDoesNotWaitForAServerThatTakesNothing) {
  RawServer server(Dir("controller"), [](RawConnection& connection) {
    connection.Answer();
    connection.WriteFrame(FrameType::kData, 0, 1, WelcomeFrame(60s));
    connection.WaitForClose();
  });
  auto uplink = NewUplink(server.address());
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.welcomes.empty(); }));
  uplink->Send(ReportWith(std::string(200'000, 'x')));
  uplink->Stop();
  EXPECT_EQ(loop_.CountWakeups(100ms), 0);
  EXPECT_THAT(handler_.downs, IsEmpty());
}

// The agent's main stops the uplink when its loop has ended.
TEST_F(RawServerTest, StopSendsWhatIsQueuedWhenTheLoopHasEnded) {
  std::promise<std::string> received;
  RawServer server(Dir("controller"), [&received](RawConnection& connection) {
    connection.Answer();
    connection.WriteFrame(FrameType::kData, 0, 1, WelcomeFrame(60s));
    RawFrame frame;
    connection.WaitFor(FrameType::kData, &frame);
    received.set_value(frame.payload);
    connection.WaitForClose();
  });
  auto uplink = NewUplink(server.address());
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.welcomes.empty(); }));
  sd_event_exit(loop_.get(), 0);
  sd_event_loop(loop_.get());

  uplink->Send(ReportWith("last words"));
  uplink->Stop();
  std::future<std::string> frame = received.get_future();
  ASSERT_EQ(frame.wait_for(60s), std::future_status::ready);
  EXPECT_THAT(frame.get(), HasSubstr("last words"));
}

TEST_F(RawServerTest, WhatIsSentWithoutAStreamIsDropped) {
  const std::string hello = GrpcFrame(ToProto(AgentMessage(HelloWith({}))).SerializeAsString());
  RawServer server(Dir("controller"), [&hello](RawConnection& connection) {
    connection.Answer();
    RawFrame first;
    connection.WaitFor(FrameType::kData, &first);
    connection.WaitForPong();
    const bool only_hello = first.payload == hello && connection.data_frames() == 1;
    connection.WriteHeaders({{"grpc-status", only_hello ? "0" : "2"}}, kEndStream);
    connection.WaitForClose();
  });
  auto uplink = NewUplink(server.address());
  uplink->Send(ReportWith("before Start"));
  SayHello(*uplink, {});
  uplink->Start();
  uplink->Send(ReportWith("before the stream"));
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.downs.empty(); }));
  EXPECT_THAT(handler_.downs[0], HasSubstr("status OK"));
  uplink->Send(ReportWith("after the stream"));
  handler_.downs.clear();
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.downs.empty(); }));
  EXPECT_THAT(handler_.downs[0], HasSubstr("status OK"));
}

}  // namespace
}  // namespace muster
