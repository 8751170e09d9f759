// The acceptor with real sockets, and a server that only keeps what it is given.
#include "controller/edge/acceptor.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <deque>

#include "controller/edge/peer_address.h"

namespace muster {
namespace {

using ::testing::HasSubstr;

class AcceptorTest : public ::testing::Test {
 protected:
  ~AcceptorTest() override {
    if (acceptor_) acceptor_->Stop();
  }

  void Start(AcceptorOptions options = {}, const std::string& address = "127.0.0.1:0") {
    auto acceptor = Acceptor::Listen(address, options, refusals_, clock_);
    ASSERT_TRUE(acceptor.ok()) << acceptor.status();
    acceptor_ = std::move(*acceptor);
    acceptor_->Start([this](UniqueFd fd) {
      const MutexLock lock(mutex_);
      given_.push_back(std::move(fd));
      changed_.notify_all();
    });
  }

  UniqueFd Connect(const std::string& text = "") { return ConnectFrom({}, text); }
  UniqueFd ConnectFrom(sockaddr_in from, const std::string& text) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (from.sin_family != 0) {
      const int on = 1;
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&from), sizeof(from)), 0);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(acceptor_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    if (!text.empty()) Send(fd, text);
    return fd;
  }
  static void Send(const UniqueFd& fd, const std::string& text) {
    EXPECT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // What gRPC calls our end of it.
  static std::string PeerOf(const UniqueFd& client) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    getsockname(client.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return PeerText(address);
  }
  // The next that the server gets; the test's time limit ends the wait.
  UniqueFd Given() {
    const MutexLock lock(mutex_);
    while (given_.empty()) changed_.wait(mutex_);
    UniqueFd fd = std::move(given_.front());
    given_.pop_front();
    return fd;
  }
  static bool IsClosed(const UniqueFd& client) {
    char byte = 0;
    return recv(client.get(), &byte, 1, 0) <= 0;
  }
  uint64_t Refused(Refusal reason) {
    for (const RefusalCount& count : refusals_.Counts()) {
      if (count.reason == reason) return count.count;
    }
    return 0;
  }

  SystemClock clock_;
  Refusals refusals_{clock_};
  std::unique_ptr<Acceptor> acceptor_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<UniqueFd> given_;
};

TEST_F(AcceptorTest, AConnectionIsHandedOverWithItsFirstByte) {
  Start();
  const UniqueFd silent = Connect();
  const UniqueFd client = Connect("hello");
  const UniqueFd server = Given();
  char text[5] = {};
  EXPECT_EQ(recv(server.get(), text, sizeof(text), 0), 5);
  EXPECT_EQ(std::string(text, 5), "hello") << "nothing of it is taken away";
  while (acceptor_->waiting() != 1 || acceptor_->opening() != 1) std::this_thread::yield();
  EXPECT_TRUE(acceptor_->OnStream(PeerOf(client)));
  EXPECT_EQ(acceptor_->opening(), 0u);
  Send(silent, "x");
  EXPECT_TRUE(Given().is_open());
}

TEST_F(AcceptorTest, OneThatOnlyConnectsIsClosedAndNamed) {
  AcceptorOptions options;
  options.limits.first_byte = 1ms;
  Start(options);
  const UniqueFd client = Connect();
  EXPECT_TRUE(IsClosed(client));
  EXPECT_EQ(Refused(Refusal::kSilentConnection), 1u);
  EXPECT_EQ(refusals_.Counts()[0].last_source, "127.0.0.1");
}

TEST_F(AcceptorTest, OneThatHasGoneWhileItWaitedIsNotHandedOver) {
  AcceptorOptions options;
  options.limits.opening = 1;
  Start(options);
  const UniqueFd first = Connect("a");
  UniqueFd server = Given();
  UniqueFd gone = Connect("b");
  const UniqueFd third = Connect("c");
  while (acceptor_->waiting() != 2) std::this_thread::yield();
  gone = UniqueFd();
  while (acceptor_->waiting() != 1) std::this_thread::yield();
  acceptor_->OnStream(PeerOf(first));
  const UniqueFd next = Given();
  char byte = 0;
  EXPECT_EQ(recv(next.get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'c');
}

TEST_F(AcceptorTest, AHandshakeThatEndsMakesRoom) {
  AcceptorOptions options;
  options.limits.opening = 1;
  Start(options);
  UniqueFd first = Connect("a");
  UniqueFd server = Given();
  const UniqueFd second = Connect("b");
  while (acceptor_->waiting() != 1) std::this_thread::yield();
  first = UniqueFd();  // in the middle of it
  EXPECT_TRUE(Given().is_open());
}

TEST_F(AcceptorTest, OneStreamTooManyEndsTheConnection) {
  AcceptorOptions options;
  options.max_streams = 2;
  Start(options);
  const UniqueFd client = Connect("a");
  const UniqueFd server = Given();
  EXPECT_TRUE(acceptor_->OnStream(PeerOf(client)));
  EXPECT_TRUE(acceptor_->OnStream(PeerOf(client)));
  EXPECT_FALSE(acceptor_->OnStream(PeerOf(client)));
  EXPECT_TRUE(IsClosed(client));
  EXPECT_EQ(Refused(Refusal::kTooManyStreams), 1u);
}

TEST_F(AcceptorTest, OfADescriptorThatIsAnothersNowNothingIsCut) {
  AcceptorOptions options;
  options.max_streams = 1;
  Start(options);
  UniqueFd first = Connect("a");
  const std::string peer = PeerOf(first);
  UniqueFd server = Given();
  EXPECT_TRUE(acceptor_->OnStream(peer));
  // The number goes to another connection, which the acceptor has not seen yet.
  const int number = server.get();
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const UniqueFd other(pair[0]);
  const UniqueFd end(pair[1]);
  ASSERT_EQ(dup2(end.get(), number), number);
  EXPECT_FALSE(acceptor_->OnStream(peer));
  Send(other, "x");
  char byte = 0;
  EXPECT_EQ(recv(number, &byte, 1, 0), 1);
}

TEST_F(AcceptorTest, APeerThatComesAgainIsNotForgottenWithItsOldDescriptor) {
  Start();
  sockaddr_in port{};  // of an address that nobody else here uses
  port.sin_family = AF_INET;
  port.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 76);
  UniqueFd first = ConnectFrom(port, "a");
  const std::string peer = PeerOf(first);
  UniqueFd server = Given();
  EXPECT_TRUE(acceptor_->OnStream(peer));
  // Both ends close, the peer comes again from the same port, and its new connection has another number.
  socklen_t size = sizeof(port);
  ASSERT_EQ(getsockname(first.get(), reinterpret_cast<sockaddr*>(&port), &size), 0);
  const int old_number = server.get();
  const linger at_once{1, 0};
  setsockopt(first.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  first = UniqueFd();
  const UniqueFd again = ConnectFrom(port, "b");
  const UniqueFd second = Given();
  ASSERT_NE(second.get(), old_number);
  server = UniqueFd();  // the old number is free, and the next one gets it
  const UniqueFd other = Connect("c");
  const UniqueFd third = Given();
  EXPECT_TRUE(acceptor_->OnStream(peer));
  EXPECT_EQ(acceptor_->opening(), 1u) << "only the other one is";
}

TEST_F(AcceptorTest, ManyComeAtOnceAndAllAreServed) {
  AcceptorOptions options;
  options.limits.opening = 4;
  Start(options);
  std::deque<UniqueFd> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(Connect("x"));
  for (int i = 0; i < 300; ++i) {
    const UniqueFd server = Given();
    EXPECT_LE(acceptor_->opening(), 4u);
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    getpeername(server.get(), reinterpret_cast<sockaddr*>(&address), &size);
    EXPECT_TRUE(acceptor_->OnStream(PeerText(address)));
  }
}

TEST_F(AcceptorTest, WhatCannotBeListenedOnIsTold) {
  Start();
  const std::string taken = "127.0.0.1:" + std::to_string(acceptor_->port());
  for (const std::string& address :
       {taken, std::string("192.0.2.1:0"), std::string("no.such.host.invalid:0")}) {
    const auto second = Acceptor::Listen(address, {}, refusals_, clock_);
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(Message(second.status()), HasSubstr("cannot listen on " + address));
  }
  EXPECT_EQ(Acceptor::Listen("7420", {}, refusals_, clock_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PeerAddress, TheHostIsWhatStandsBetween) {
  EXPECT_EQ(HostOf("ipv4:10.1.2.3:4567"), "10.1.2.3");
  EXPECT_EQ(HostOf("ipv6:%5Bfd00::1%5D:4567"), "fd00::1");
  EXPECT_EQ(HostOf("unix:/x"), "unix:/x");
  EXPECT_EQ(NetworkOf("ipv4:10.1.2.3:4567"), "10.1.2.3");
  EXPECT_EQ(NetworkOf("ipv6:%5Bfd00:1:2:3:4:5:6:7%5D:4567"), "fd00:1:2:3::/64");
}

}  // namespace
}  // namespace muster
