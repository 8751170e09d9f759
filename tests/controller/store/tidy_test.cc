// Housekeeping: what goes, what stays, and that nobody who reads is misled by it.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "tests/controller/store/store_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Time kNow{1'700'000'000s};

class TidyTest : public StoreTest {
 protected:
  std::unique_ptr<SqliteJobStore> OpenWith(Retention retention) {
    auto store = SqliteJobStore::Open(dir_, {.retention = retention, .is_restored = false});
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? std::move(*store) : nullptr;
  }
  // How many pieces there were.
  static int TidyAll(JobStore& store, Time now = kNow) {
    for (int pieces = 0; true; ++pieces) {
      const absl::StatusOr<bool> has_more = store.Tidy(now);
      EXPECT_TRUE(has_more.ok()) << has_more.status();
      if (!has_more.ok() || !*has_more) return pieces;
    }
  }
  // A job that has ended at `when`, every task after three transitions.
  void CommitEndedJob(JobStore& store, const std::string& id, int nodes, Time when) {
    std::vector<Record> records = {NewJob(id, Nodes(nodes), ++revision_)};
    for (const TaskState state :
         {TaskState::kDispatched, TaskState::kRunning, TaskState::kSucceeded}) {
      for (const std::string& node : Nodes(nodes))
        records.push_back(Change(id, node, state, ++revision_));
    }
    records.push_back(Ended(id, JobState::kSucceeded, when, ++revision_));
    ASSERT_TRUE(store.Commit(records).ok());
  }
  static std::vector<std::string> Jobs(JobReader& reader) {
    std::vector<std::string> ids;
    const absl::StatusOr<std::vector<JobSummary>> jobs = reader.ListJobs(1000, "");
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    for (const JobSummary& job : *jobs) ids.push_back(job.spec.id);
    return ids;
  }

  uint64_t revision_ = 0;
};

TEST_F(TidyTest, OfAnEndedJobEachTaskKeepsItsNewestRow) {
  auto store = OpenStore();
  auto reader = OpenReader();
  CommitEndedJob(*store, "j", 1'500, kNow);
  const auto before = reader->ListTasks("j", 2'000, "");
  EXPECT_EQ(Integer("SELECT count(*) FROM transition"), 4'500);
  EXPECT_GT(TidyAll(*store), 1) << "in pieces";
  EXPECT_EQ(Integer("SELECT count(*) FROM transition"), 1'500);
  EXPECT_EQ(reader->ListTasks("j", 2'000, "").value(), before.value());
  EXPECT_EQ(TidyAll(*store), 0);
}

TEST_F(TidyTest, AJobThatHasNotEndedIsLeftAlone) {
  auto store = OpenWith({.jobs = 1, .age = 1h});
  ASSERT_TRUE(
      store
          ->Commit({NewJob("j", Nodes(1), 1), Change("j", "nid000001", TaskState::kDispatched, 2),
                    Change("j", "nid000001", TaskState::kLost, 3)})
          .ok());
  EXPECT_EQ(TidyAll(*store, kNow + 24h * 365), 0);
  EXPECT_EQ(Integer("SELECT count(*) FROM transition"), 2);
}

TEST_F(TidyTest, AnOutcomeThatComesAfterTidyingIsSeenAndTidiedToo) {
  auto store = OpenStore();
  auto reader = OpenReader();
  CommitEndedJob(*store, "j", 3, kNow);
  TidyAll(*store);
  const uint64_t seen = revision_;
  Outcome outcome;
  outcome.state = OutcomeState::kSucceeded;
  ASSERT_TRUE(store->Commit({LateOutcome{"j", "nid000002", ++revision_, outcome}}).ok());
  TidyAll(*store);
  EXPECT_EQ(Integer("SELECT count(*) FROM transition"), 3);
  const auto changes = reader->ReadChanges("j", {seen, ""}, 10);
  ASSERT_TRUE(changes.ok()) << changes.status();
  ASSERT_EQ(changes->tasks.size(), 1u);
  EXPECT_EQ(changes->tasks[0].late_outcome, outcome);
}

TEST_F(TidyTest, TheJobsThatEndedLastStay) {
  auto store = OpenWith({.jobs = 2, .age = 24h});
  auto reader = OpenReader();
  ASSERT_TRUE(store->Commit({NewJob("active", Nodes(1), ++revision_)}).ok());
  CommitEndedJob(*store, "j1", 10, kNow + 5s);  // made first, ended last
  CommitEndedJob(*store, "j2", 10, kNow + 1s);
  CommitEndedJob(*store, "j3", 10, kNow + 2s);
  TidyAll(*store);
  EXPECT_THAT(Jobs(*reader), ElementsAre("j3", "j1", "active"));
  EXPECT_EQ(Integer("SELECT count(*) FROM transition WHERE job = 3"), 0);
  EXPECT_EQ(Integer("SELECT count(*) FROM job_nodes"), 3);
}

TEST_F(TidyTest, JobsBeyondTheirAgeGo) {
  auto store = OpenWith({.jobs = 100, .age = 24h});
  auto reader = OpenReader();
  CommitEndedJob(*store, "j1", 10, kNow - 24h - 1s);
  CommitEndedJob(*store, "j2", 10, kNow - 24h);
  TidyAll(*store);
  EXPECT_THAT(Jobs(*reader), ElementsAre("j2"));
  TidyAll(*store, kNow + 1s);
  EXPECT_THAT(Jobs(*reader), IsEmpty());
}

TEST_F(TidyTest, WhatContentIsMountedAgainByStaysWithItsOperation) {
  auto store = OpenWith({.jobs = 1, .age = 24h});
  auto reader = OpenReader();
  OperationSpec phase;
  phase.id = "o1";
  phase.content.emplace();
  phase.content->content = "pe";
  phase.content->record_job = "records";
  phase.content->job = "unmount";
  const auto spec = std::make_shared<const OperationSpec>(phase);
  ASSERT_TRUE(store->Commit({}, {OperationRecord{spec, {}, true}}).ok());
  CommitEndedJob(*store, "records", 10, kNow - 48h);
  CommitEndedJob(*store, "unmount", 10, kNow - 48h);
  CommitEndedJob(*store, "j1", 10, kNow - 1s);
  CommitEndedJob(*store, "j2", 10, kNow);
  TidyAll(*store);
  EXPECT_THAT(Jobs(*reader), ElementsAre("records", "j2"));
}

TEST_F(TidyTest, ADeletedJobsRowsGoAndItsRequestIsRemembered) {
  auto store = OpenStore();
  CommitEndedJob(*store, "j", 2'500, kNow);
  ASSERT_TRUE(store->Commit({JobDeleted{"j"}}).ok());
  EXPECT_GT(TidyAll(*store), 2) << "in pieces";
  for (const char* table : {"transition", "job", "job_status", "job_nodes"})
    EXPECT_EQ(Integer(fmt::format("SELECT count(*) FROM {}", table)), 0) << table;
  const auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->requests.size(), 1u);
  EXPECT_EQ(loaded->requests[0].request_id, "request of j");
  EXPECT_EQ(loaded->requests[0].request_digest, NewJob("j", {}, 1).spec.request_digest);
  EXPECT_EQ(loaded->requests[0].job, "j");
  EXPECT_EQ(loaded->revision, revision_) << "revisions are never given twice";
}

TEST_F(TidyTest, AReaderInTheMiddleOfAJobThatIsTidiedMissesNothing) {
  auto store = OpenStore();
  auto reader = OpenReader();
  CommitEndedJob(*store, "j", 1'500, kNow);
  std::map<std::string, Task> known;
  ChangesCursor cursor;
  for (bool is_complete = false; !is_complete;) {
    const auto changes = reader->ReadChanges("j", cursor, 100);
    ASSERT_TRUE(changes.ok()) << changes.status();
    for (const Task& task : changes->tasks) known[task.node] = task;
    cursor = changes->next;
    is_complete = changes->is_complete;
    ASSERT_TRUE(store->Tidy(kNow).ok());
  }
  ASSERT_EQ(known.size(), 1'500u);
  for (const auto& [node, task] : known) ASSERT_EQ(task.state, TaskState::kSucceeded) << node;
}

// Whatever is committed, restarted and tidied in whatever order: what is read is what a store that is never tidied has.
TEST_F(TidyTest, NothingThatIsReadDependsOnTidying) {
  for (const uint32_t seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::string id = fmt::format("j{}", seed);
    auto store = OpenStore();
    auto reader = OpenReader();
    revision_ = store->Load(0)->revision;
    ASSERT_TRUE(store->Commit({NewJob(id, Nodes(20), ++revision_)}).ok());
    std::map<std::string, Task> expected;
    for (const std::string& node : Nodes(20)) {
      for (const TaskState state : {TaskState::kDispatched, TaskState::kPending,
                                    TaskState::kDispatched, TaskState::kLost}) {
        const TaskChanged change = Change(id, node, state, ++revision_);
        ASSERT_TRUE(store->Commit({change}).ok());
        expected[node] = change.task;
        if (random() % 4 == 0) TidyAll(*store);
      }
    }
    ASSERT_TRUE(store->Commit({Ended(id, JobState::kFailed, kNow, ++revision_)}).ok());
    for (int step = 0; step < 60; ++step) {
      const std::string node = Nodes(20)[random() % 20];
      if (random() % 3 == 0) {
        Outcome outcome;
        outcome.detail = fmt::format("step {}", step);
        expected[node].late_outcome = outcome;
        expected[node].revision = ++revision_;
        ASSERT_TRUE(store->Commit({LateOutcome{id, node, revision_, outcome}}).ok());
      }
      if (random() % 3 == 0) {
        ASSERT_TRUE(store->Tidy(kNow).ok());
      }
      if (random() % 10 == 0) {
        store.reset();
        store = OpenStore();
      }
      ASSERT_EQ(reader->GetTask(id, node).value(), expected[node]);
    }
    TidyAll(*store);
    const auto tasks = reader->ListTasks(id, 100, "");
    ASSERT_TRUE(tasks.ok());
    for (const Task& task : *tasks) EXPECT_EQ(task, expected[task.node]);
    EXPECT_EQ(store->Load(100)->jobs.back().tasks, *tasks);
    EXPECT_EQ(Integer(fmt::format(
                  "SELECT count(*) FROM transition JOIN job ON number = job WHERE id = '{}'", id)),
              20);
  }
}

TEST_F(TidyTest, APieceThatFailsChangesNothingAndIsDoneLater) {
  auto store = OpenStore();
  CommitEndedJob(*store, "j", 1'500, kNow);
  ASSERT_TRUE(store->Commit({JobDeleted{"j"}}).ok());
  Execute(
      "CREATE TRIGGER stop BEFORE DELETE ON transition WHEN old.revision = 900 "
      "BEGIN SELECT RAISE(ABORT, 'stopped here'); END");
  const absl::Status status = store->Tidy(kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << "it is no contradiction of records";
  EXPECT_THAT(Message(status), HasSubstr("stopped here"));
  EXPECT_EQ(Integer("SELECT count(*) FROM transition"), 4'500);
  Execute("DROP TRIGGER stop");
  TidyAll(*store);
  EXPECT_EQ(Integer("SELECT count(*) FROM transition"), 0);
}

}  // namespace
}  // namespace muster
