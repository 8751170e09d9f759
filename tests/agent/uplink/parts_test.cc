// The parts of the uplink that need no connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/uplink/grpc_frame.h"
#include "agent/uplink/h2_uplink.h"
#include "agent/uplink/outbox.h"
#include "agent/uplink/reconnect_delay.h"

namespace muster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ReconnectTest, TheWindowHasRoomForTheFleet) {
  EXPECT_EQ(ReconnectWindow(0, 0), 1s);
  EXPECT_EQ(ReconnectWindow(20, 0), 1s);
  EXPECT_EQ(ReconnectWindow(10'000, 0), 20s);
  EXPECT_EQ(ReconnectWindow(100'000, 0), 200s);
  EXPECT_EQ(ReconnectWindow(UINT32_MAX, 0), 10min);
}

TEST(ReconnectTest, FailuresDoubleItUpToAMinute) {
  EXPECT_EQ(ReconnectWindow(20, 1), 2s);
  EXPECT_EQ(ReconnectWindow(20, 5), 32s);
  EXPECT_EQ(ReconnectWindow(20, 6), 60s);
  EXPECT_EQ(ReconnectWindow(20, UINT32_MAX), 60s);
  EXPECT_EQ(ReconnectWindow(100'000, 9), 200s);
}

TEST(ReconnectTest, DelaysFillTheWindowAndNoMore) {
  std::mt19937_64 random(1);
  std::vector<int> seconds(20);
  for (int i = 0; i < 20'000; ++i) {
    const Duration delay = ReconnectDelay(10'000, 0, random);
    ASSERT_GE(delay, 0s);
    ASSERT_LE(delay, 20s);
    ++seconds[std::min<int>(19, static_cast<int>(delay / 1s))];
  }
  // 1,000 in each second, give or take six standard deviations.
  EXPECT_THAT(seconds, testing::Each(testing::AllOf(testing::Gt(800), testing::Lt(1200))));
}

TEST(OutboxTest, GivesTheBytesInOrderWhateverIsAskedFor) {
  Outbox outbox(100);
  EXPECT_TRUE(outbox.Push("abc"));
  EXPECT_TRUE(outbox.Push(""));
  EXPECT_TRUE(outbox.Push("defgh"));
  std::string all;
  for (const size_t size : {1, 3, 3, 9, 9}) {
    std::string part(size, '?');
    part.resize(outbox.Pop(reinterpret_cast<uint8_t*>(part.data()), size));
    all += part + "|";
  }
  EXPECT_EQ(all, "a|bcd|efg|h||");
  EXPECT_TRUE(outbox.empty());
}

TEST(OutboxTest, IsBounded) {
  Outbox outbox(10);
  EXPECT_TRUE(outbox.Push("1234567890"));
  EXPECT_FALSE(outbox.Push("x"));
  uint8_t byte = 0;
  EXPECT_EQ(outbox.Pop(&byte, 1), 1u);
  EXPECT_TRUE(outbox.Push("x"));
  EXPECT_EQ(outbox.size(), 10u);
}

TEST(GrpcFrameTest, MessagesAreFoundWhereverTheBytesAreCut) {
  const auto prefix = FramePrefix(3);
  const std::string frame = std::string(prefix.begin(), prefix.end()) + "abc";
  for (size_t cut = 0; cut <= frame.size(); ++cut) {
    FrameReader reader(3);
    std::vector<std::string> messages;
    ASSERT_TRUE(reader.Feed(frame.substr(0, cut), messages).ok());
    EXPECT_EQ(reader.in_message(), cut > 0 && cut < frame.size());
    ASSERT_TRUE(reader.Feed(frame.substr(cut) + frame, messages).ok());
    EXPECT_THAT(messages, ElementsAre("abc", "abc"));
    EXPECT_FALSE(reader.in_message());
  }
}

TEST(GrpcFrameTest, UnknownFlagsAreRefused) {
  FrameReader reader(100);
  std::vector<std::string> messages;
  EXPECT_THAT(Message(reader.Feed(std::string("\x48TTP/1.1", 8), messages)),
              HasSubstr("unknown flags 0x48"));
}

TEST(GrpcFrameTest, StatusesHaveNames) {
  EXPECT_EQ(GrpcStatusName("0"), "OK");
  EXPECT_EQ(GrpcStatusName("16"), "UNAUTHENTICATED");
  EXPECT_EQ(GrpcStatusName("17"), "17");
  EXPECT_EQ(GrpcStatusName(""), "''");
  EXPECT_EQ(GrpcStatusName("99999999999999999999"), "'99999999999999999999'");
}

TEST(GrpcFrameTest, PeersTextsAreMadeFitForALog) {
  EXPECT_EQ(PercentDecode("50%25 of%20it%"), "50% of it%");
  EXPECT_EQ(PercentDecode("%4"), "%4");
  EXPECT_EQ(PercentDecode("%E2%80%93"), "–");
  EXPECT_EQ(OneLine("a\nb\x7f"), "a?b?");
  EXPECT_EQ(OneLine(std::string(400, 'x')), std::string(300, 'x') + "…");
}

TEST(AddressTest, HostAndPort) {
  const auto controllers = ParseControllers("ncn-m001.nmn:7443,10.252.1.4:1,[fd00::4]:65535");
  ASSERT_TRUE(controllers.ok());
  EXPECT_EQ(controllers->at(0).host, "ncn-m001.nmn");
  EXPECT_EQ(controllers->at(1).port, "1");
  EXPECT_EQ(controllers->at(2).host, "fd00::4");
  EXPECT_EQ(controllers->at(2).text, "[fd00::4]:65535");
}

TEST(AddressTest, WhatIsNoAddressIsTold) {
  for (const char* text : {"", "host", "host:", ":1", "host:0", "host:65536", "host:x", "fd00::4:1",
                           "a:1,", "[]:1", "http://host:1"}) {
    const auto controllers = ParseControllers(text);
    ASSERT_FALSE(controllers.ok()) << text;
    EXPECT_THAT(Message(controllers.status()), HasSubstr("must be HOST:PORT"));
  }
}

}  // namespace
}  // namespace muster
