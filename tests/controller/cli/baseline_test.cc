// The file that says who was subscribed: written once, read with care.
#include "controller/cli/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace muster::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class BaselineTest : public testing::Test {
 protected:
  BaselineTest() {
    std::string pattern = testing::TempDir() + "muster_baseline_XXXXXX";
    dir_ = mkdtemp(pattern.data());
    path_ = dir_ + "/baseline.json";
  }
  ~BaselineTest() override { std::filesystem::remove_all(dir_); }

  static v1::Subscriber MakeSubscriber(const std::string& node, std::vector<std::string> agents) {
    v1::Subscriber subscriber;
    subscriber.set_node(node);
    subscriber.mutable_agents()->Assign(agents.begin(), agents.end());
    return subscriber;
  }
  static void ExpectWrong(const std::string& text, const std::string& what) {
    const auto subscribers = ParseBaseline(text);
    EXPECT_EQ(subscribers.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Message(subscribers.status()), HasSubstr(what));
    EXPECT_THAT(Message(subscribers.status()), HasSubstr("what `muster subscriptions save` wrote"));
  }

  std::string dir_;
  std::string path_;
};

TEST_F(BaselineTest, WhatWasSavedIsRead) {
  const std::string text = BaselineText(
      {MakeSubscriber("x1000c0s0b0n0", {"orca", "dvs"}), MakeSubscriber("x1000c0s0b0n1", {})},
      "2026-11-21T08:04:11Z");
  ASSERT_TRUE(WriteBaseline(path_, text).ok());
  const auto subscribers = ReadBaseline(path_);
  ASSERT_TRUE(subscribers.ok()) << subscribers.status();
  ASSERT_THAT(*subscribers, SizeIs(2));
  EXPECT_EQ((*subscribers)[0].node(), "x1000c0s0b0n0");
  EXPECT_THAT((*subscribers)[0].agents(), ElementsAre("orca", "dvs"));
  EXPECT_THAT((*subscribers)[1].agents(), IsEmpty());
  EXPECT_THAT(text, HasSubstr("2026-11-21T08:04:11Z"));
}

TEST_F(BaselineTest, NobodyIsABaselineToo) {
  const auto subscribers = ParseBaseline(BaselineText({}, "now"));
  ASSERT_TRUE(subscribers.ok()) << subscribers.status();
  EXPECT_THAT(*subscribers, IsEmpty());
}

TEST_F(BaselineTest, IsNeverWrittenOver) {
  ASSERT_TRUE(WriteBaseline(path_, "first").ok());
  const absl::Status status = WriteBaseline(path_, "second");
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(status), HasSubstr(path_ + " exists"));
  std::string kept;
  std::ifstream(path_) >> kept;
  EXPECT_EQ(kept, "first");
}

// Files of this process are no longer than that while one lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit before_ = {};
  void (*handler_)(int);
};

TEST_F(BaselineTest, APieceOfOneIsNotLeftInTheWayOfTheNext) {
  const std::string text = BaselineText({MakeSubscriber("x1000c0s0b0n0", {"orca"})}, "now");
  {
    const FileLimit limit(text.size() / 2);
    EXPECT_THAT(Message(WriteBaseline(path_, text)), HasSubstr("File too large"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
  ASSERT_TRUE(WriteBaseline(path_, text).ok());
  EXPECT_TRUE(ReadBaseline(path_).ok());
}

TEST_F(BaselineTest, OthersMayReadIt) {
  const mode_t before = umask(022);
  ASSERT_TRUE(WriteBaseline(path_, "text").ok());
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0644));
  umask(027);
  ASSERT_TRUE(WriteBaseline(path_ + "2", "text").ok());
  EXPECT_EQ(std::filesystem::status(path_ + "2").permissions(), std::filesystem::perms(0640));
  umask(before);
}

TEST_F(BaselineTest, AFileThatIsNotThereIsSaidSo) {
  const auto subscribers = ReadBaseline(path_);
  EXPECT_EQ(subscribers.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(subscribers.status()), HasSubstr(path_));
}

TEST_F(BaselineTest, ADirectoryThatIsNotThereIsSaidSo) {
  EXPECT_FALSE(WriteBaseline(dir_ + "/no/baseline.json", "text").ok());
}

TEST_F(BaselineTest, AWrongFileIsNamed) {
  ASSERT_TRUE(WriteBaseline(path_, "nodes: 3").ok());
  EXPECT_THAT(Message(ReadBaseline(path_).status()), HasSubstr(path_ + ": that is no JSON"));
}

TEST_F(BaselineTest, WhatIsNoBaselineIsRefused) {
  ExpectWrong("", "that is no JSON");
  ExpectWrong("{\"subscribers\": [", "that is no JSON");
  ExpectWrong("[]", "there is no list of subscribers");
  ExpectWrong("{}", "there is no list of subscribers");
  ExpectWrong(R"({"subscribers": {}})", "there is no list of subscribers");
  ExpectWrong(R"({"subscribers": [7]})", "a subscriber has no node or no agents");
  ExpectWrong(R"({"subscribers": [{"agents": []}]})", "has no node or no agents");
  ExpectWrong(R"({"subscribers": [{"node": "x0"}]})", "has no node or no agents");
  ExpectWrong(R"({"subscribers": [{"node": 7, "agents": []}]})", "has no node or no agents");
  ExpectWrong(R"({"subscribers": [{"node": "x0", "agents": "orca"}]})", "no agents");
  ExpectWrong(R"({"subscribers": [{"node": "x0", "agents": [7]}]})", "an agent of x0 is no text");
  ExpectWrong(R"({"subscribers": [{"node": "x 0", "agents": []}]})", "is no name of a node");
}

}  // namespace
}  // namespace muster::cli
