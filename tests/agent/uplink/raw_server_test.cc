// The uplink against servers that break the rules, or keep them in ways that the gRPC library does not: how the stream ends.
#include <gmock/gmock.h>

#include "tests/agent/uplink/raw_server_fixture.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(RawServerTest, AResetStream) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WriteFrame(FrameType::kReset, 0, 1, std::string("\0\0\0\x8", 4));
              connection.WaitForClose();
            }),
            "reset the stream: CANCEL");
}

TEST_F(RawServerTest, AGoAwayThatRefusesTheStream) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Greet();
              connection.WriteFrame(FrameType::kGoAway, 0, 0,
                                    std::string("\0\0\0\0\0\0\0\xb", 8) + "too_many_pings");
              connection.WaitForClose();
            }),
            "is going away (ENHANCE_YOUR_CALM: too_many_pings)");
}

// A graceful shutdown: streams that are open go on until they end.
TEST_F(RawServerTest, AGoAwayThatLetsTheStreamGoOn) {
  EXPECT_EQ(
      EndAgainst([](RawConnection& connection) {
        connection.Answer();
        connection.WriteFrame(FrameType::kGoAway, 0, 0, std::string("\0\0\0\1\0\0\0\0", 8));
        connection.WriteFrame(FrameType::kData, 0, 1, SettledFrame("after"));
        connection.WriteHeaders({{"grpc-status", "14"}, {"grpc-message", "shutdown"}}, kEndStream);
        connection.WaitForClose();
      }),
      "ended the stream with status UNAVAILABLE: shutdown");
  EXPECT_THAT(handler_.settled, ElementsAre("after"));
}

TEST_F(RawServerTest, AnEndWithoutTrailers) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WriteFrame(FrameType::kData, kEndStream, 1, SettledFrame("last"));
              connection.WaitForClose();
            }),
            "ended the stream without a gRPC status");
  EXPECT_THAT(handler_.settled, ElementsAre("last"));
}

TEST_F(RawServerTest, TrailersWithoutStatus) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WriteHeaders({{"x-trace", "1"}}, kEndStream);
              connection.WaitForClose();
            }),
            "ended the stream without a gRPC status");
}

TEST_F(RawServerTest, TrailersWithAStatusThatIsNone) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WriteHeaders({{"grpc-status", "fine"}, {"grpc-message", "a%0Ab%zz"}},
                                      kEndStream);
              connection.WaitForClose();
            }),
            "ended the stream with status 'fine': a?b%zz");
}

TEST_F(RawServerTest, TrailersThatHttpForbids) {
  EXPECT_THAT(EndAgainst([](RawConnection& connection) {
                connection.Answer();
                connection.WriteHeaders({{":status", "200"}, {"grpc-status", "0"}}, kEndStream);
                connection.WaitForClose();
              }),
              HasSubstr("broke the rules of HTTP/2"));
}

TEST_F(RawServerTest, AResponseOfTrailersOnly) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Greet();
              connection.WriteHeaders({{":status", "200"},
                                       {"content-type", "application/grpc"},
                                       {"grpc-status", "12"},
                                       {"grpc-message", "no%20such%20method"}},
                                      kEndStream);
              connection.WaitForClose();
            }),
            "ended the stream with status UNIMPLEMENTED: no such method");
}

TEST_F(RawServerTest, AnEndInTheMiddleOfAMessage) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WriteFrame(FrameType::kData, 0, 1, SettledFrame("cut").substr(0, 7));
              connection.WriteHeaders({{"grpc-status", "0"}}, kEndStream);
              connection.WaitForClose();
            }),
            "ended the stream with status OK, in the middle of a message");
  EXPECT_THAT(handler_.settled, IsEmpty());
}

TEST_F(RawServerTest, MessagesSplitAndCoalescedAnywhere) {
  const std::string all =
      SettledFrame("one") + SettledFrame("") + SettledFrame("two") + SettledFrame("three");
  EXPECT_EQ(EndAgainst([&all](RawConnection& connection) {
              connection.Answer();
              connection.WriteFrame(FrameType::kData, 0, 1, all);
              for (const char byte : all)
                connection.WriteFrame(FrameType::kData, 0, 1, std::string(1, byte));
              connection.WriteFrame(FrameType::kData, 0, 1, all.substr(0, 3));
              connection.WriteFrame(FrameType::kData, 0, 1, "");
              connection.WriteFrame(FrameType::kData, 0, 1, all.substr(3));
              connection.WriteHeaders({{"grpc-status", "0"}}, kEndStream);
              connection.WaitForClose();
            }),
            "ended the stream with status OK");
  EXPECT_THAT(handler_.settled, ElementsAre("one", "", "two", "three", "one", "", "two", "three",
                                            "one", "", "two", "three"));
}

TEST_F(RawServerTest, AnInformationalResponseIsNotTheAnswer) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Greet();
              connection.WriteHeaders({{":status", "103"}});
              connection.WriteHeaders({{":status", "200"}, {"content-type", "application/grpc"}});
              connection.WriteFrame(FrameType::kData, 0, 1, SettledFrame("one"));
              connection.WriteHeaders({{"grpc-status", "0"}}, kEndStream);
              connection.WaitForClose();
            }),
            "ended the stream with status OK");
  EXPECT_THAT(handler_.settled, ElementsAre("one"));
}

TEST_F(RawServerTest, AnErrorPageOfAProxy) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Greet();
              connection.WriteHeaders({{":status", "503"}, {"content-type", "text/html"}});
              connection.WaitForClose();
            }),
            "answered with HTTP status 503 and text/html, not with gRPC");
}

TEST_F(RawServerTest, AWebServer) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Greet();
              connection.WriteHeaders({{":status", "200"}, {"content-type", "text/html"}});
              connection.WaitForClose();
            }),
            "answered with content of type 'text/html', not with gRPC");
}

TEST_F(RawServerTest, AMessageOverTheLimit) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WriteFrame(FrameType::kData, 0, 1, SettledFrame("before"));
              connection.WriteFrame(FrameType::kData, 0, 1, std::string("\0\0\x10\0\1", 5));
              connection.WaitForClose();
            }),
            "sent a message of 1048577 bytes; the limit is 1048576");
  EXPECT_THAT(handler_.settled, ElementsAre("before"));
}

TEST_F(RawServerTest, ACompressedMessage) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WriteFrame(FrameType::kData, 0, 1, std::string("\1\0\0\0\1x", 6));
              connection.WaitForClose();
            }),
            "sent a compressed message, which it was told not to do");
}

TEST_F(RawServerTest, AMessageOfAnotherProtocol) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WriteFrame(FrameType::kData, 0, 1, GrpcFrame("\x0f\xff\xff"));
              connection.WriteFrame(FrameType::kData, 0, 1, SettledFrame("after"));
              connection.WaitForClose();
            }),
            "sent a message that is not of this protocol");
  EXPECT_THAT(handler_.settled, IsEmpty());
}

TEST_F(RawServerTest, GarbageInsteadOfHttp2) {
  EXPECT_THAT(EndAgainst([](RawConnection& connection) {
                connection.Write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                connection.WaitForClose();
              }),
              HasSubstr("broke the rules of HTTP/2: "));
}

TEST_F(RawServerTest, AWindowThatOverflows) {
  EXPECT_THAT(EndAgainst([](RawConnection& connection) {
                connection.Answer();
                connection.WriteFrame(FrameType::kWindowUpdate, 0, 0, "\x7f\xff\xff\xff");
                connection.WaitForClose();
              }),
              HasSubstr("broke the rules of HTTP/2: "));
}

TEST_F(RawServerTest, AServerThatAgreesToNoProtocol) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) { connection.WaitForClose(); }, ""),
            "does not speak HTTP/2: it has not agreed to ALPN h2 (is this the agents' port?)");
}

TEST_F(RawServerTest, AServerThatRefusesHttp2) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) { connection.WaitForClose(); }, "http/1.1"),
            "broke off the TLS connection: TLS alert 'no application protocol'");
}

TEST_F(RawServerTest, AnAlertAboutOurCertificate) {
  Leaf leaf = AgentLeaf();
  leaf.not_after = -1min;
  ca_.WriteTlsDir(Dir("agent"), leaf);
  EXPECT_EQ(EndAgainst([](RawConnection&) {}),
            "does not accept our certificate: TLS alert 'certificate expired' (our certificate has "
            "expired)");
}

TEST_F(RawServerTest, AConnectionThatIsClosedProperly) {
  EXPECT_EQ(EndAgainst([](RawConnection& connection) {
              connection.Answer();
              connection.WaitFor(FrameType::kData);
              // Bytes that are not read would turn the close into a reset.
              connection.WaitForPong();
            }),
            "closed the connection");
}

TEST_F(RawServerTest, AServerThatNeverAnswers) {
  RawServer server(Dir("controller"), [](RawConnection& connection) {
    connection.Greet();
    connection.WaitForClose();
  });
  auto uplink = NewUplink(server.address(),
                          [](UplinkConfig& config) { config.stream.attach_timeout = 300ms; });
  uplink->Start();
  ASSERT_TRUE(loop_.RunUntil([this] { return !handler_.downs.empty(); }));
  EXPECT_EQ(handler_.downs[0],
            "the controller at " + server.address() + " did not answer within 0.3 s");
  EXPECT_EQ(handler_.ups, 1);
}

}  // namespace
}  // namespace muster
