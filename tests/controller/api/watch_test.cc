// A watch shows every task in its last state, and goes on where another broke off.
#include <gmock/gmock.h>

#include <thread>

#include "common/uuid.h"
#include "tests/controller/api/api_fixture.h"

namespace muster {
namespace {

class WatchTest : public ApiTest {
 protected:
  void StartWatch(const std::string& id, uint64_t revision) {
    v1::WatchJobRequest request;
    request.set_name("jobs/" + id);
    request.set_revision(revision);
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(std::chrono::system_clock::now() + 20s);
    stream_ = stub_->WatchJob(context_.get(), request);
  }
  // Takes one message into what is known of the tasks.
  bool Read() {
    if (!stream_->Read(&changes_)) return false;
    for (const v1::Task& task : changes_.tasks()) known_[task.node()] = task.state();
    return true;
  }

  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderInterface<v1::JobChanges>> stream_;
  v1::JobChanges changes_;
  std::map<std::string, v1::TaskState> known_;
};

TEST_F(WatchTest, ShowsTheJobFromItsMakingToItsEnd) {
  const std::string id = NewJob();
  StartWatch(id, 0);
  ASSERT_TRUE(Read());
  EXPECT_EQ(known_.size(), 3u);
  EXPECT_EQ(changes_.job().state(), v1::JOB_STATE_RUNNING);

  control_->Change(id, "x1", TaskState::kDispatched);
  ASSERT_TRUE(Read());
  EXPECT_EQ(known_["x1"], v1::TASK_STATE_DISPATCHED);

  for (const char* node : {"x0", "x1", "x2"}) control_->Change(id, node, TaskState::kSucceeded);
  control_->EndJob(id);
  while (Read()) {
  }
  EXPECT_TRUE(stream_->Finish().ok());
  EXPECT_EQ(changes_.job().state(), v1::JOB_STATE_SUCCEEDED);
  for (const auto& [node, state] : known_) EXPECT_EQ(state, v1::TASK_STATE_SUCCEEDED) << node;
}

TEST_F(WatchTest, EndsWhenTheOperatorsCertificateIsRevoked) {
  const std::string id = NewJob();
  StartWatch(id, 0);
  ASSERT_TRUE(Read());
  is_revoked_ = true;  // and nothing happens to the job
  EXPECT_FALSE(Read());
  const grpc::Status status = stream_->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(status.error_message(),
            "the certificate is revoked; whoever keeps the CA issues another (muster pki issue "
            "--role operator)");
}

TEST_F(WatchTest, OutlivesManyLooksAtTheCertificate) {
  const std::string id = NewJob();
  StartWatch(id, 0);
  ASSERT_TRUE(Read());
  const int looks = looks_;
  while (looks_ < looks + 5) std::this_thread::yield();
  control_->Change(id, "x1", TaskState::kDispatched);
  ASSERT_TRUE(Read());
  EXPECT_EQ(known_["x1"], v1::TASK_STATE_DISPATCHED);
}

TEST_F(WatchTest, GoesOnFromARevision) {
  const std::string id = NewJob();
  control_->Change(id, "x0", TaskState::kDispatched);
  StartWatch(id, 0);
  ASSERT_TRUE(Read());
  const uint64_t revision = changes_.revision();
  context_->TryCancel();

  control_->Change(id, "x2", TaskState::kLost);
  known_.clear();
  StartWatch(id, revision);
  ASSERT_TRUE(Read());
  ASSERT_EQ(known_.size(), 1u);
  EXPECT_EQ(known_["x2"], v1::TASK_STATE_LOST);
}

TEST_F(WatchTest, AnEndedJobIsShownOnceMoreAndTheWatchEnds) {
  const std::string id = NewJob();
  control_->EndJob(id);
  StartWatch(id, 2);
  ASSERT_TRUE(Read());
  EXPECT_TRUE(known_.empty());
  EXPECT_EQ(changes_.job().state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_FALSE(Read());
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(WatchTest, ALargeJobComesInSeveralMessages) {
  std::vector<std::string> nodes;
  for (int i = 0; i < 1300; ++i) nodes.push_back(fmt::format("n{:05}", i));
  JobCreated record;
  record.spec.id = NewUuid();
  record.nodes = nodes;
  record.revision = 1;
  control_->Commit({record});
  StartWatch(record.spec.id, 0);
  int messages = 0;
  while (known_.size() < nodes.size() && Read()) {
    ++messages;
    EXPECT_LE(changes_.tasks_size(), 500);
    EXPECT_EQ(changes_.revision(), known_.size() < nodes.size() ? 0u : 1u);
  }
  EXPECT_EQ(messages, 3);
}

TEST_F(WatchTest, AnUnknownJobIsNotFound) {
  StartWatch(NewUuid(), 0);
  EXPECT_FALSE(Read());
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(WatchTest, AWatchThatIsLeftIsForgotten) {
  StartWatch(NewJob(), 0);
  ASSERT_TRUE(Read());
  EXPECT_EQ(control_->subscription_count(), 1u);
  context_->TryCancel();
  while (control_->subscription_count() > 0) std::this_thread::yield();  // bounded by the test's
}

TEST_F(WatchTest, ShutdownEndsAWatch) {
  StartWatch(NewJob(), 0);
  ASSERT_TRUE(Read());
  server_->Shutdown(0s);
  EXPECT_FALSE(Read());
  EXPECT_FALSE(stream_->Finish().ok());
}

}  // namespace
}  // namespace muster
