// What was committed comes back after anything; what failed leaves nothing.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/controller/store/store_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Task FullTask() {
  Task task;
  task.node = "x1000c0s0b0n0";
  task.state = TaskState::kFailed;
  task.attempt = 2;
  task.incarnation = "0123456789abcdef0123456789abcdef";
  task.first_sent = Time(1'700'000'001s + 5ms);
  task.last_sent = Time(1'700'000'002s);
  task.execution_deadline = 5min;
  task.reason = Reason::kCrashLoop;
  task.detail = "restart cray-orca.service: crash loop\nsecond line";
  Outcome outcome;
  outcome.state = OutcomeState::kFailed;
  outcome.reason = Reason::kCrashLoop;
  outcome.detail = "the unit's own words";
  outcome.evidence.before.emplace().unit = "cray-orca.service";
  outcome.evidence.before->active_age = 3s;
  outcome.evidence.duration = 1234ms;
  task.outcome = outcome;
  outcome.state = OutcomeState::kSucceeded;
  task.late_outcome = outcome;
  task.updated = Time(1'700'000'003s + Duration(1));
  task.revision = 3;
  return task;
}

TEST_F(StoreTest, GivesBackEveryField) {
  JobCreated created = NewJob("job-1", {"x1000c0s0b0n0", "x1000c0s0b0n1"}, 1);
  created.spec.policy.max_parallel = 7;
  created.spec.policy.deadline = 10min;
  created.spec.policy.canary = CountOrPercent{0, 150};
  created.spec.policy.since = Time(1'700'000'000s + Duration(3));
  JobStatus status{JobState::kCancelling, "cancelled by alice", Time(1'700'000'009s), 4};
  const NodeSeen seen{"x1000c0s0b0n0", {"nid000001", "nid000001-nmn"}, Time(12s)};
  {
    auto store = OpenStore();
    ASSERT_TRUE(
        store
            ->Commit({created, TaskChanged{"job-1", FullTask()}, JobChanged{"job-1", status}, seen})
            .ok());
  }
  auto loaded = OpenStore()->Load(100);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->jobs.size(), 1u);
  const StoredJob& job = loaded->jobs[0];
  EXPECT_EQ(job.spec, created.spec);
  EXPECT_EQ(job.status, status);
  ASSERT_EQ(job.tasks.size(), 2u);
  EXPECT_EQ(job.tasks[0], FullTask());
  EXPECT_EQ(job.tasks[1].node, "x1000c0s0b0n1");
  EXPECT_EQ(job.tasks[1].state, TaskState::kPending);
  EXPECT_EQ(job.tasks[1].revision, 1u);
  EXPECT_EQ(job.tasks[1].updated, created.spec.created);
  ASSERT_EQ(loaded->nodes.size(), 1u);
  EXPECT_EQ(loaded->nodes[0].node, seen.node);
  EXPECT_EQ(loaded->nodes[0].aliases, seen.aliases);
  EXPECT_EQ(loaded->nodes[0].seen, seen.seen);
  EXPECT_EQ(loaded->revision, 4u);
}

TEST_F(StoreTest, ANodeSeenAgainHasItsNewAliases) {
  auto store = OpenStore();
  ASSERT_TRUE(store->Commit({NodeSeen{"x1", {"a"}, Time(1s)}, NodeSeen{"x0", {}, Time(1s)}}).ok());
  ASSERT_TRUE(store->Commit({NodeSeen{"x1", {"b", "c"}, Time(2s)}}).ok());
  auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->nodes.size(), 2u);
  EXPECT_EQ(loaded->nodes[0].node, "x0");
  EXPECT_THAT(loaded->nodes[1].aliases, ElementsAre("b", "c"));
}

TEST_F(StoreTest, TheNewestTransitionWins) {
  auto store = OpenStore();
  ASSERT_TRUE(
      store
          ->Commit({NewJob("j", Nodes(2), 1), Change("j", "nid000002", TaskState::kDispatched, 2),
                    Change("j", "nid000001", TaskState::kDispatched, 3)})
          .ok());
  ASSERT_TRUE(store->Commit({Change("j", "nid000002", TaskState::kSucceeded, 4)}).ok());
  auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->jobs[0].tasks[0].state, TaskState::kDispatched);
  EXPECT_EQ(loaded->jobs[0].tasks[1].state, TaskState::kSucceeded);
  EXPECT_EQ(loaded->jobs[0].status.revision, 4u);
  EXPECT_EQ(loaded->revision, 4u);
}

TEST_F(StoreTest, CountsItsOpeningsUnderOneId) {
  const Epoch first = OpenStore()->epoch();
  const Epoch second = OpenStore()->epoch();
  EXPECT_EQ(first.counter, 1u);
  EXPECT_EQ(second.counter, 2u);
  EXPECT_EQ(first.store_id, second.store_id);
  EXPECT_EQ(first.store_id.size(), 36u);
}

TEST_F(StoreTest, AKilledProcessLosesNothingThatWasCommitted) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = SqliteJobStore::Open(dir_);
    const bool ok = store.ok() && (*store)
                                      ->Commit({NewJob("j", Nodes(3), 1),
                                                Change("j", "nid000002", TaskState::kLost, 2)})
                                      .ok();
    _exit(ok ? 0 : 1);  // nothing is closed
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  auto store = OpenStore();
  EXPECT_EQ(store->epoch().counter, 2u);
  auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->jobs.size(), 1u);
  EXPECT_EQ(loaded->jobs[0].tasks[1].state, TaskState::kLost);
}

TEST_F(StoreTest, ACommitThatFindsTheDiskFullLeavesNothingAndWorksLater) {
  auto store = OpenStore();
  ASSERT_TRUE(store->Commit({NewJob("first", Nodes(1), 1)}).ok());
  ASSERT_TRUE(store->LimitPagesForTest(1).ok());  // the least is what there is
  const std::vector<Record> batch = {Change("first", "nid000001", TaskState::kDispatched, 2),
                                     NewJob("second", Nodes(10'000), 3)};
  const absl::Status full = store->Commit(batch);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(full), HasSubstr("database or disk is full"));
  EXPECT_THAT(Message(full), HasSubstr("muster.db"));

  auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->jobs.size(), 1u);
  EXPECT_EQ(loaded->jobs[0].tasks[0].state, TaskState::kPending);

  ASSERT_TRUE(store->LimitPagesForTest(1'000'000).ok());
  EXPECT_TRUE(store->Commit(batch).ok());
  EXPECT_EQ(store->Load(100)->jobs.size(), 2u);
}

TEST_F(StoreTest, RecordsThatContradictTheStoreAreInternalErrorsAndChangeNothing) {
  auto store = OpenStore();
  ASSERT_TRUE(store->Commit({NewJob("j", Nodes(1), 1)}).ok());
  const auto code = [&store](const std::vector<Record>& records) {
    return store->Commit(records).code();
  };
  EXPECT_EQ(code({Change("k", "nid000001", TaskState::kLost, 2)}), absl::StatusCode::kInternal);
  EXPECT_EQ(code({NewJob("j", Nodes(1), 2)}), absl::StatusCode::kInternal);
  EXPECT_EQ(code({Change("j", "nid000001", TaskState::kLost, 2),
                  Change("j", "nid000002", TaskState::kLost, 3)}),
            absl::StatusCode::kInternal);
  EXPECT_EQ(code({Change("j", "nid000001", TaskState::kDispatched, 2),
                  Change("j", "nid000001", TaskState::kLost, 2)}),
            absl::StatusCode::kInternal);
  EXPECT_EQ(store->Load(100)->jobs[0].tasks[0].state, TaskState::kPending);
  EXPECT_TRUE(store->Commit({Change("j", "nid000001", TaskState::kLost, 2)}).ok());
}

TEST_F(StoreTest, ARequestIdThatTheEngineHasForgottenMayBeUsedAgain) {
  auto store = OpenStore();
  JobCreated first = NewJob("j", Nodes(1), 1);
  JobCreated second = NewJob("k", Nodes(1), 2);
  second.spec.request_id = first.spec.request_id;
  EXPECT_TRUE(store->Commit({first}).ok());
  EXPECT_TRUE(store->Commit({second}).ok());
}

TEST_F(StoreTest, OfEndedJobsTheNewestWithATaskLostAreLoadedAndOfAllTheirRequests) {
  auto store = OpenStore();
  uint64_t revision = 0;
  for (const char* id : {"j1", "j2", "j3", "j4", "j5"}) {
    const TaskState end = id == std::string("j5") ? TaskState::kSucceeded : TaskState::kLost;
    ASSERT_TRUE(store
                    ->Commit({NewJob(id, Nodes(2), revision + 1),
                              Change(id, "nid000001", TaskState::kDispatched, revision + 2),
                              Change(id, "nid000002", TaskState::kLost, revision + 3),
                              Change(id, "nid000002", TaskState::kSucceeded, revision + 4),
                              Change(id, "nid000001", end, revision + 5)})
                    .ok());
    revision += 6;
    if (id == std::string("j1")) continue;
    ASSERT_TRUE(store->Commit({Ended(id, JobState::kFailed, Time(9s), revision)}).ok());
  }
  const auto loaded = store->Load(2);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->jobs.size(), 3u);
  EXPECT_EQ(loaded->jobs[0].spec.id, "j1") << "it has not ended";
  EXPECT_EQ(loaded->jobs[1].spec.id, "j3");
  EXPECT_EQ(loaded->jobs[2].spec.id, "j4") << "nothing may come for j5 any more";
  ASSERT_EQ(loaded->jobs[2].tasks.size(), 1u) << "what has succeeded is of no use any more";
  EXPECT_EQ(loaded->jobs[2].tasks[0].node, "nid000001");
  EXPECT_EQ(loaded->jobs[2].tasks[0].state, TaskState::kLost);
  EXPECT_EQ(loaded->jobs[2].tasks[0].revision, revision - 7);
  ASSERT_EQ(loaded->requests.size(), 5u);
  EXPECT_EQ(loaded->requests[1].request_id, "request of j2");
  EXPECT_EQ(loaded->requests[1].job, "j2");
  EXPECT_EQ(loaded->revision, revision);
}

TEST_F(StoreTest, ATaskThatWaitsForItsNextTryKeepsWhatTheLastOneSaid) {
  TaskChanged failed{"j", FullTask()};
  failed.task.node = "nid000001";
  failed.task.state = TaskState::kPending;
  failed.task.late_outcome.reset();
  {
    auto store = OpenStore();
    ASSERT_TRUE(store
                    ->Commit({NewJob("j", Nodes(2), 1),
                              Change("j", "nid000001", TaskState::kDispatched, 2), failed})
                    .ok());
  }
  auto store = OpenStore();
  EXPECT_EQ(store->Load(0)->jobs[0].tasks[0], failed.task);
  auto reader = OpenReader();
  EXPECT_EQ(reader->GetTask("j", "nid000001").value(), failed.task);
  EXPECT_EQ(reader->GetJob("j")->counts[static_cast<size_t>(TaskState::kPending)], 2u);
  EXPECT_EQ(reader->ReadChanges("j", {2, ""}, 10)->tasks.size(), 1u);
}

TEST_F(StoreTest, ALateOutcomeIsKeptBesideTheTasksEnd) {
  auto store = OpenStore();
  auto reader = OpenReader();
  const Outcome late = *FullTask().late_outcome;
  TaskChanged lost = Change("j", "nid000001", TaskState::kLost, 3);
  lost.task.detail = "no report came";
  lost.task.reason = Reason::kNoReport;
  ASSERT_TRUE(store
                  ->Commit({NewJob("j", Nodes(2), 1),
                            Change("j", "nid000001", TaskState::kDispatched, 2), lost})
                  .ok());
  ASSERT_TRUE(store->Commit({LateOutcome{"j", "nid000001", 4, late}}).ok());
  lost.task.revision = 4;
  lost.task.late_outcome = late;
  EXPECT_EQ(reader->GetTask("j", "nid000001").value(), lost.task);
  EXPECT_EQ(reader->GetJob("j")->status.revision, 4u);
  EXPECT_EQ(reader->GetJob("j")->counts[static_cast<size_t>(TaskState::kLost)], 1u);
  const auto changes = reader->ReadChanges("j", {3, ""}, 10);
  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->tasks.size(), 1u);
  EXPECT_EQ(changes->tasks[0], lost.task);
  EXPECT_EQ(store->Load(0)->jobs[0].tasks[0], lost.task);
}

TEST_F(StoreTest, ALateOutcomeOfATaskThatHasNotEndedIsAContradiction) {
  auto store = OpenStore();
  ASSERT_TRUE(
      store->Commit({NewJob("j", Nodes(2), 1), Change("j", "nid000001", TaskState::kDispatched, 2)})
          .ok());
  for (const char* node : {"nid000001", "nid000002", "nid000003"}) {
    EXPECT_EQ(store->Commit({LateOutcome{"j", node, 3, Outcome()}}).code(),
              absl::StatusCode::kInternal);
  }
  EXPECT_TRUE(store->Commit({LateOutcome{"gone", "nid000001", 3, Outcome()}}).ok());
}

TEST_F(StoreTest, ADeletedJobIsSeenByNobody) {
  auto store = OpenStore();
  auto reader = OpenReader();
  for (const char* id : {"j", "k"}) ASSERT_TRUE(store->Commit({NewJob(id, Nodes(1), id[0])}).ok());
  EXPECT_EQ(store->Commit({JobDeleted{"j"}}).code(), absl::StatusCode::kInternal)
      << "it has not ended";
  ASSERT_TRUE(store
                  ->Commit({Change("j", "nid000001", TaskState::kLost, 200),
                            Ended("j", JobState::kFailed, Time(1s), 201)})
                  .ok());
  ASSERT_TRUE(store->Commit({JobDeleted{"j"}, JobDeleted{"no such"}}).ok());
  EXPECT_EQ(reader->GetJob("j").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reader->GetTask("j", "nid000001").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reader->ListTasks("j", 1, "").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reader->ReadChanges("j", {}, 1).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reader->ListJobs(10, "")->size(), 1u);
  auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->jobs.size(), 1u);
  EXPECT_EQ(loaded->requests.size(), 2u) << "asked again, it makes no second job";
  EXPECT_EQ(loaded->revision, 201u);
  EXPECT_TRUE(store->Commit({JobDeleted{"j"}, LateOutcome{"j", "nid000001", 202, {}}}).ok());
}

TEST_F(StoreTest, ARestoredStoreHasANewId) {
  const Epoch before = OpenStore()->epoch();
  const Epoch restored =
      SqliteJobStore::Open(dir_, {.retention = {}, .is_restored = true}).value()->epoch();
  EXPECT_NE(restored.store_id, before.store_id);
  EXPECT_EQ(restored.counter, 1u);
  EXPECT_EQ(OpenStore()->epoch(), (Epoch{restored.store_id, 2}));
}

TEST_F(StoreTest, AnEmptyStoreLoadsEmpty) {
  auto loaded = OpenStore()->Load(100);
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(loaded->jobs, IsEmpty());
  EXPECT_THAT(loaded->nodes, IsEmpty());
  EXPECT_EQ(loaded->revision, 0u);
}

TEST_F(StoreTest, LoadsTwentyLargeJobs) {
  constexpr int kJobs = 20;
  constexpr int kNodes = 10'000;
  const std::vector<std::string> nodes = Nodes(kNodes);
  auto store = OpenStore();
  uint64_t revision = 0;
  for (int j = 0; j < kJobs; ++j) {
    const std::string id = fmt::format("job-{:02}", j);
    std::vector<Record> batch = {NewJob(id, nodes, ++revision)};
    for (const TaskState state : {TaskState::kDispatched, TaskState::kSucceeded}) {
      for (const std::string& node : nodes) batch.push_back(Change(id, node, state, ++revision));
    }
    ASSERT_TRUE(store->Commit(batch).ok());
  }
  auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->jobs.size(), static_cast<size_t>(kJobs));
  EXPECT_EQ(loaded->revision, revision);
  for (const StoredJob& job : loaded->jobs) {
    ASSERT_EQ(job.tasks.size(), static_cast<size_t>(kNodes));
    for (const Task& task : job.tasks) ASSERT_EQ(task.state, TaskState::kSucceeded);
  }
}

}  // namespace
}  // namespace muster
