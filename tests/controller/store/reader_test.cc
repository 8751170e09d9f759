// What the operators' API reads beside the writer.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "tests/controller/store/store_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> NodesOf(const std::vector<Task>& tasks) {
  std::vector<std::string> nodes;
  for (const Task& task : tasks) nodes.push_back(task.node);
  return nodes;
}

TEST_F(StoreTest, ReaderSeesEachCommitWithItsCounts) {
  auto store = OpenStore();
  auto reader = OpenReader();
  EXPECT_EQ(reader->GetJob("j").status().code(), absl::StatusCode::kNotFound);

  ASSERT_TRUE(store->Commit({NewJob("j", Nodes(3), 1)}).ok());
  auto job = reader->GetJob("j");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->spec, NewJob("j", Nodes(3), 1).spec);
  EXPECT_EQ(job->status.state, JobState::kRunning);
  EXPECT_EQ(job->counts[static_cast<size_t>(TaskState::kPending)], 3u);

  ASSERT_TRUE(store
                  ->Commit({Change("j", "nid000001", TaskState::kDispatched, 2),
                            Change("j", "nid000001", TaskState::kSucceeded, 3),
                            Change("j", "nid000003", TaskState::kDispatched, 4)})
                  .ok());
  job = reader->GetJob("j");
  EXPECT_EQ(job->counts[static_cast<size_t>(TaskState::kPending)], 1u);
  EXPECT_EQ(job->counts[static_cast<size_t>(TaskState::kDispatched)], 1u);
  EXPECT_EQ(job->counts[static_cast<size_t>(TaskState::kSucceeded)], 1u);
  EXPECT_EQ(job->status.revision, 4u);
}

TEST_F(StoreTest, ReaderPagesThroughJobsNewestFirst) {
  auto store = OpenStore();
  auto reader = OpenReader();
  for (int i = 1; i <= 5; ++i)
    ASSERT_TRUE(store->Commit({NewJob(fmt::format("j{}", i), Nodes(1), i)}).ok());
  std::vector<std::string> ids;
  std::string before;
  for (int page = 0; page < 4; ++page) {
    auto jobs = reader->ListJobs(2, before);
    ASSERT_TRUE(jobs.ok());
    for (const JobSummary& job : *jobs) ids.push_back(before = job.spec.id);
  }
  EXPECT_THAT(ids, ElementsAre("j5", "j4", "j3", "j2", "j1"));
}

TEST_F(StoreTest, ReaderPagesThroughTasksInTheOrderOfTheJob) {
  auto store = OpenStore();
  auto reader = OpenReader();
  ASSERT_TRUE(store
                  ->Commit({NewJob("j", {"nid10", "nid11", "nid9"}, 1),
                            Change("j", "nid10", TaskState::kLost, 2)})
                  .ok());
  auto first = reader->ListTasks("j", 2, "");
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(NodesOf(*first), ElementsAre("nid10", "nid11"));
  EXPECT_EQ((*first)[0].state, TaskState::kLost);
  auto second = reader->ListTasks("j", 2, "nid11");
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(NodesOf(*second), ElementsAre("nid9"));
  EXPECT_EQ(reader->ListTasks("j", 2, "nid12").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reader->ListTasks("k", 2, "").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, ReaderFindsOneTask) {
  auto store = OpenStore();
  auto reader = OpenReader();
  ASSERT_TRUE(
      store->Commit({NewJob("j", Nodes(2), 1), Change("j", "nid000002", TaskState::kRunning, 2)})
          .ok());
  EXPECT_EQ(reader->GetTask("j", "nid000001")->state, TaskState::kPending);
  EXPECT_EQ(reader->GetTask("j", "nid000002")->state, TaskState::kRunning);
  EXPECT_EQ(reader->GetTask("j", "nid000003").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, ChangesOfAnotherStoreAreRefused) {
  auto store = OpenStore();
  auto reader = OpenReader();
  ASSERT_TRUE(store->Commit({NewJob("j", Nodes(1), 1)}).ok());
  EXPECT_EQ(reader->ReadChanges("j", {2, ""}, 10).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(StoreTest, AChangeOfTheJobAloneMovesTheRevision) {
  auto store = OpenStore();
  auto reader = OpenReader();
  ASSERT_TRUE(store->Commit({NewJob("j", Nodes(1), 1)}).ok());
  JobStatus status;
  status.state = JobState::kCancelling;
  status.revision = 2;
  ASSERT_TRUE(store->Commit({JobChanged{"j", status}}).ok());
  auto changes = reader->ReadChanges("j", {1, ""}, 10);
  ASSERT_TRUE(changes.ok());
  EXPECT_TRUE(changes->tasks.empty());
  EXPECT_TRUE(changes->is_complete);
  EXPECT_EQ(changes->next.revision, 2u);
  EXPECT_EQ(changes->job.status.state, JobState::kCancelling);
}

// However small the steps, wherever a reader begins anew and whatever is committed between two of them: it ends with every
// task's final state, no task ever goes back, and no batch is larger than was asked for.
TEST_F(StoreTest, ChangesReadInAnyStepsEndInTheFinalStates) {
  for (const uint32_t seed : {1u, 2u, 3u, 4u}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::string id = fmt::format("j{}", seed);
    const std::vector<std::string> nodes = Nodes(40);
    auto store = OpenStore();
    auto reader = OpenReader();
    uint64_t revision = store->Load(100)->revision;
    ASSERT_TRUE(
        store->Commit({NewJob(id, nodes, ++revision), NewJob(id + "x", nodes, ++revision)}).ok());
    std::map<std::string, Task> known;
    ChangesCursor cursor;
    bool is_complete = false;
    for (int step = 0; step < 400 || !is_complete; ++step) {
      if (step < 300 && random() % 3 == 0) {
        const std::string& node = nodes[random() % nodes.size()];
        ASSERT_TRUE(store
                        ->Commit({Change(id, node, TaskState(2 + random() % 12), ++revision),
                                  Change(id + "x", node, TaskState::kLost, ++revision)})
                        .ok());
      }
      if (random() % 20 == 0) cursor.node.clear();  // the watch broke; only the revision is kept
      const size_t limit = 1 + random() % 7;
      auto changes = reader->ReadChanges(id, cursor, limit);
      ASSERT_TRUE(changes.ok()) << changes.status();
      ASSERT_LE(changes->tasks.size(), limit);
      ASSERT_GE(changes->next.revision, cursor.revision);
      for (const Task& task : changes->tasks) {
        ASSERT_GE(task.revision, known[task.node].revision);
        known[task.node] = task;
      }
      cursor = changes->next;
      is_complete = changes->is_complete;
      ASSERT_LT(step, 5'000);
    }
    auto final = reader->ListTasks(id, nodes.size(), "");
    ASSERT_TRUE(final.ok());
    ASSERT_EQ(known.size(), nodes.size());
    for (const Task& task : *final) EXPECT_EQ(known[task.node], task);
  }
}

}  // namespace
}  // namespace muster
