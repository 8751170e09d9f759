#include "controller/runner/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// How long a test waits for what must come before it fails.
constexpr auto kPatience = 20s;

// What happened, in order, whoever did it.
class Story {
 public:
  void Add(std::string what) {
    const MutexLock lock(mutex_);
    lines_.push_back(std::move(what));
  }
  std::vector<std::string> Lines() {
    const MutexLock lock(mutex_);
    return lines_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> lines_;
};

class FakeStore final : public JobStore {
 public:
  explicit FakeStore(Story& story) : story_(story) {}
  absl::Status Commit(const std::vector<Record>&,
                      const std::vector<OperationRecord>& = {}) override {
    if (is_full_) {
      if (!was_asked_.exchange(true)) asked_.set_value();
      return absl::ResourceExhaustedError("disk full");
    }
    story_.Add("commit");
    return absl::OkStatus();
  }
  absl::StatusOr<Loaded> Load(size_t) override { return Loaded(); }
  absl::StatusOr<LoadedOperations> LoadOperations() override { return LoadedOperations(); }
  absl::StatusOr<bool> Tidy(Time) override {
    if (--pieces_ == 0) tidied_.set_value();
    return pieces_ > 0;
  }
  const Epoch& epoch() const override { return epoch_; }

  // Before the runner starts.
  void SetPieces(int pieces) { pieces_ = pieces; }
  void WaitUntilTidied() {
    ASSERT_EQ(tidied_.get_future().wait_for(kPatience), std::future_status::ready);
  }
  void SetFull(bool is_full) { is_full_ = is_full; }
  // Until a commit has failed.
  void WaitUntilAsked() {
    ASSERT_EQ(asked_.get_future().wait_for(kPatience), std::future_status::ready);
  }

 private:
  Story& story_;
  const Epoch epoch_;
  std::atomic<bool> is_full_ = false;
  std::atomic<bool> was_asked_ = false;
  std::promise<void> asked_;
  int pieces_ = 0;  // runner's thread
  std::promise<void> tidied_;
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(Story& story) : story_(story) {}
  bool Send(SessionId, const ControllerMessage& message) override {
    story_.Add(std::holds_alternative<Command>(message) ? "send command" : "send");
    return true;
  }
  void Close(SessionId, const std::string&) override { story_.Add("close"); }

 private:
  Story& story_;
};

class RunnerTest : public testing::Test {
 protected:
  using Answer = std::future<absl::StatusOr<std::string>>;

  Answer Submit(const std::string& id) {
    JobSpec spec;
    spec.id = id;
    spec.request_id = "request of " + id;
    spec.work = Inspect{};
    spec.created = clock_.Now();
    auto promise = std::make_shared<std::promise<absl::StatusOr<std::string>>>();
    runner_.Submit(spec, {"x0"}, [this, promise](absl::StatusOr<std::string> job) {
      story_.Add("answer");
      promise->set_value(std::move(job));
    });
    return promise->get_future();
  }
  static absl::StatusOr<std::string> Take(Answer& answer) {
    if (answer.wait_for(kPatience) != std::future_status::ready)
      return absl::DeadlineExceededError("no answer came");
    return answer.get();
  }
  void Attach() {
    SessionUp up;
    up.session = 1;
    up.hello.node = "x0";
    up.hello.incarnation = "life-1";
    up.hello.features = {kInspectFeature};
    ASSERT_TRUE(runner_.Post(up));
  }

  Story story_;
  SystemClock clock_;
  FakeStore store_{story_};
  FakeTransport transport_{story_};
  NodeRegistry nodes_{{}};
  std::atomic<int> health_changes_ = 0;
  Runner runner_{Engine(EngineConfig(), Loaded(), clock_.Now()),
                 store_,
                 transport_,
                 nodes_,
                 clock_,
                 [this](bool) { ++health_changes_; }};
};

TEST_F(RunnerTest, WhatIsSentAndAnsweredIsOnDiskBefore) {
  Attach();
  Answer answer = Submit("j");  // in one batch with the attachment
  runner_.Start();
  EXPECT_EQ(*Take(answer), "j");
  runner_.Stop();
  EXPECT_THAT(story_.Lines(), ElementsAre("commit", "send command", "answer"));
}

TEST_F(RunnerTest, WhileTheDiskIsFullNothingIsSentAndThenAllOfIt) {
  store_.SetFull(true);
  Attach();
  Answer answer = Submit("j");
  runner_.Start();
  store_.WaitUntilAsked();
  EXPECT_THAT(story_.Lines(), IsEmpty());
  store_.SetFull(false);
  EXPECT_EQ(*Take(answer), "j");
  EXPECT_THAT(story_.Lines(), ElementsAre("commit", "send command", "answer"));
  EXPECT_EQ(health_changes_, 2);
}

TEST_F(RunnerTest, StoppingWithAFullDiskAnswersWhoeverWaitsAndCommitsNoRest) {
  store_.SetFull(true);
  Answer taken = Submit("j");
  runner_.Start();
  store_.WaitUntilAsked();
  Answer waiting = Submit("k");
  Attach();
  runner_.Stop();
  EXPECT_EQ(Take(taken).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Take(waiting).status().code(), absl::StatusCode::kUnavailable);
  Answer late = Submit("l");
  EXPECT_EQ(Take(late).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(story_.Lines(), ElementsAre("answer", "answer", "answer"));
}

TEST_F(RunnerTest, ItTidiesTheStoreWhenNothingWaits) {
  store_.SetPieces(3);
  runner_.Start();
  store_.WaitUntilTidied();
  Answer answer = Submit("j");
  EXPECT_EQ(*Take(answer), "j");
}

TEST(Mailbox, EachKindOfMailHasItsLimit) {
  Mailbox mailbox;
  for (size_t i = 0; i < kMaxWaitingRequests; ++i) ASSERT_TRUE(mailbox.Put(OperatorRequest{}));
  EXPECT_FALSE(mailbox.Put(OperatorRequest{}));
  for (size_t i = 0; i < kMaxWaitingReports; ++i) ASSERT_TRUE(mailbox.Put(Event(ReportReceived{})));
  EXPECT_FALSE(mailbox.Put(Event(ReportReceived{})));
  for (size_t i = 0; i < kMaxWaitingSessions; ++i) ASSERT_TRUE(mailbox.Put(Event(SessionUp{})));
  EXPECT_FALSE(mailbox.Put(Event(SessionUp{})));
  EXPECT_TRUE(mailbox.Put(Event(SessionDown{}))) << "each goes with a SessionUp";
  mailbox.TakeAll(std::nullopt);
  EXPECT_TRUE(mailbox.Put(OperatorRequest{}));
  EXPECT_TRUE(mailbox.Put(Event(ReportReceived{})));
  EXPECT_TRUE(mailbox.Put(Event(SessionUp{})));
  mailbox.Close();
  EXPECT_FALSE(mailbox.Put(Event(SessionDown{})));
}

}  // namespace
}  // namespace muster
