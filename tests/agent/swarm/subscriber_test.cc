// The subscriber with a small HMNFD on the same loop, which answers as it is told.
#include "agent/swarm/subscriber.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace muster::swarm {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

constexpr char kGood[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr char kUnavailable[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
constexpr char kExists[] =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 52\r\n\r\n"
    "Subscription exists, cannot modify in POST operation";
constexpr char kInvalid[] =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 25\r\n\r\nInvalid XName in URL path";

// Takes connections and reads one request from each.
class Listener {
 public:
  explicit Listener(sd_event* event) : event_(event) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, name, length) < 0 || listen(fd_, 256) < 0) std::abort();
    getsockname(fd_, name, &length);
    port_ = ntohs(address.sin_port);
    source_ = Watch(fd_, [](sd_event_source*, int, uint32_t, void* self) {
      static_cast<Listener*>(self)->Accept();
      return 0;
    });
  }
  ~Listener() {
    for (const auto& [fd, open] : open_) close(fd);
    close(fd_);
  }

  std::string Url() const { return fmt::format("http://127.0.0.1:{}/hmi", port_); }
  // What the requests are answered with, in the order of their arrival; later ones with the last of these. Empty: not at all.
  void set_answers(std::vector<std::string> answers) { answers_ = std::move(answers); }
  const std::vector<std::string>& requests() const { return requests_; }
  size_t open() const { return open_.size(); }
  size_t most_open() const { return most_open_; }

 private:
  struct Connection {
    EventSource source;
    std::string request;
  };

  EventSource Watch(int fd, sd_event_io_handler_t handler) {
    sd_event_source* source = nullptr;
    if (sd_event_add_io(event_, &source, fd, EPOLLIN, handler, this) < 0) std::abort();
    return EventSource(source);
  }
  void Accept() {
    const int fd = accept(fd_, nullptr, nullptr);
    open_[fd].source = Watch(fd, [](sd_event_source*, int from, uint32_t, void* self) {
      static_cast<Listener*>(self)->Read(from);
      return 0;
    });
    most_open_ = std::max(most_open_, open_.size());
  }
  void Read(int fd) {
    char bytes[4096];
    const ssize_t size = read(fd, bytes, sizeof bytes);
    if (size <= 0) return Close(fd);
    std::string& request = open_[fd].request.append(bytes, static_cast<size_t>(size));
    if (!request.ends_with("}")) return;
    const std::string& answer = answers_[std::min(requests_.size(), answers_.size() - 1)];
    requests_.push_back(std::exchange(request, {}));
    if (write(fd, answer.data(), answer.size()) < 0) std::abort();
  }
  void Close(int fd) {
    open_.erase(fd);
    close(fd);
  }

  sd_event* const event_;
  const int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
  EventSource source_;
  std::map<int, Connection> open_;
  size_t most_open_ = 0;
  std::vector<std::string> answers_ = {kGood};
  std::vector<std::string> requests_;
};

class SubscriberTest : public testing::Test {
 protected:
  SubscriberTest() {
    if (sd_event_new(&event_) < 0) std::abort();
    hmnfd_.emplace(event_);
    subscriber_.emplace(event_, hmnfd_->Url(), tally_, random_);
  }
  ~SubscriberTest() override {
    subscriber_.reset();
    hmnfd_.reset();
    sd_event_unref(event_);
  }

  void RunUntil(const std::function<bool()>& is_done) {
    while (!is_done()) ASSERT_GT(sd_event_run(event_, 20'000'000), 0) << "nothing happens any more";
  }
  void RunUntilCounted(uint64_t count) {
    RunUntil([&] { return tally_.subscribed + tally_.subscribe_failed == count; });
  }

  sd_event* event_ = nullptr;
  std::mt19937_64 random_;
  Tally tally_;
  std::optional<Listener> hmnfd_;
  std::optional<Subscriber> subscriber_;
};

TEST_F(SubscriberTest, PostsWhatOrcaPosts) {
  subscriber_->Subscribe("x1000c0s0b0n0", "57ba9c54bf36422b8e3a46149c2cb25b");
  RunUntilCounted(1);
  EXPECT_EQ(tally_.subscribed, 1u);
  ASSERT_EQ(hmnfd_->requests().size(), 1u);
  const std::string& request = hmnfd_->requests()[0];
  EXPECT_THAT(request,
              HasSubstr("POST /hmi/v2/subscriptions/x1000c0s0b0n0/agents/orca HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(request, HasSubstr("X-Invocation-Id: 57ba9c54bf36422b8e3a46149c2cb25b\r\n"));
  EXPECT_THAT(request, EndsWith("\r\n\r\n"
                                R"({"Components":["x1000c0s0b0n0"],)"
                                R"("States":["Ready","Standby","Off","Empty","Unknown"],)"
                                R"("Enabled":true,"Url":"http://x1000c0s0b0n0-nmn:7000/scn"})"));
}

TEST_F(SubscriberTest, OneThatExistsIsASubscription) {
  hmnfd_->set_answers({kExists});
  subscriber_->Subscribe("x1000c0s0b0n0", "a");
  RunUntilCounted(1);
  EXPECT_EQ(tally_.subscribed, 1u);
}

TEST_F(SubscriberTest, WhatIsRefusedIsNotTriedAgain) {
  hmnfd_->set_answers({kInvalid});
  subscriber_->Subscribe("x1000c24s7b0n0", "a");
  RunUntilCounted(1);
  EXPECT_EQ(tally_.subscribe_failed, 1u);
  EXPECT_EQ(hmnfd_->requests().size(), 1u);
}

TEST_F(SubscriberTest, A503IsTriedAgain) {
  hmnfd_->set_answers({kUnavailable, kUnavailable, kGood});
  subscriber_->Subscribe("x1000c0s0b0n0", "a");
  RunUntilCounted(1);
  EXPECT_EQ(tally_.subscribed, 1u);
  EXPECT_EQ(hmnfd_->requests().size(), 3u);
}

TEST_F(SubscriberTest, NotForEver) {
  hmnfd_->set_answers({kUnavailable});
  subscriber_->Subscribe("x1000c0s0b0n0", "a");
  RunUntilCounted(1);
  EXPECT_EQ(tally_.subscribe_failed, 1u);
  EXPECT_EQ(hmnfd_->requests().size(), Subscriber::kMaxTries);
}

TEST_F(SubscriberTest, AProcessThatEndsTakesItsRequestWithIt) {
  hmnfd_->set_answers({""});
  subscriber_->Subscribe("x1000c0s0b0n0", "a");
  RunUntil([&] { return hmnfd_->requests().size() == 1; });
  subscriber_->Cancel("x1000c0s0b0n0");
  RunUntil([&] { return hmnfd_->open() == 0; });
  hmnfd_->set_answers({kGood});
  subscriber_->Subscribe("x1000c0s0b0n0", "b");
  RunUntilCounted(1);
  EXPECT_EQ(tally_.subscribed, 1u);
  EXPECT_THAT(hmnfd_->requests(), ElementsAre(HasSubstr("Id: a\r\n"), HasSubstr("Id: b\r\n")));
}

TEST_F(SubscriberTest, ALaterStartReplacesAnEarlierOne) {
  subscriber_->Subscribe("x1000c0s0b0n0", "a");
  subscriber_->Subscribe("x1000c0s0b0n0", "b");
  RunUntilCounted(1);
  EXPECT_THAT(hmnfd_->requests(), ElementsAre(HasSubstr("Id: b\r\n")));
}

TEST_F(SubscriberTest, ManySubscribeOverFewConnections) {
  constexpr int kNodes = 1000;
  for (int i = 0; i < kNodes; ++i) subscriber_->Subscribe(fmt::format("x{}c0s0b0n0", i), "a");
  RunUntilCounted(kNodes);
  EXPECT_EQ(tally_.subscribed, kNodes);
  EXPECT_EQ(hmnfd_->requests().size(), kNodes);
  EXPECT_LE(hmnfd_->most_open(), 2 * Subscriber::kMaxConnections)
      << "its own, and those whose end this loop has not seen yet";
}

TEST_F(SubscriberTest, WaitingOnesCanBeCancelled) {
  hmnfd_->set_answers({""});
  for (int i = 0; i < 200; ++i) subscriber_->Subscribe(fmt::format("x{}c0s0b0n0", i), "a");
  RunUntil([&] { return hmnfd_->requests().size() == Subscriber::kMaxConnections; });
  for (int i = 0; i < 199; ++i) subscriber_->Cancel(fmt::format("x{}c0s0b0n0", i));
  hmnfd_->set_answers({kGood});
  RunUntilCounted(1);
  EXPECT_EQ(tally_.subscribed, 1u);
}

TEST_F(SubscriberTest, ChecksItsUrl) {
  EXPECT_TRUE(Subscriber::CheckUrl("http://127.0.0.1:28600/hmi").ok());
  EXPECT_TRUE(Subscriber::CheckUrl("https://api-gw-service-nmn.local/apis/hmnfd/hmi").ok());
  EXPECT_FALSE(Subscriber::CheckUrl("127.0.0.1:28600").ok());
  EXPECT_FALSE(Subscriber::CheckUrl("ftp://127.0.0.1/hmi").ok());
  EXPECT_FALSE(Subscriber::CheckUrl("").ok());
}

}  // namespace
}  // namespace muster::swarm
