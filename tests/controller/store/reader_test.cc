// What the operators' API reads beside the writer.
#include <gmock/gmock.h>

#include <map>
#include <random>

#include "controller/store/job_list_sql.h"
#include "tests/controller/store/store_fixture.h"

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

std::vector<std::string> IdsOf(const absl::StatusOr<std::vector<JobSummary>>& jobs) {
  EXPECT_TRUE(jobs.ok()) << jobs.status();
  std::vector<std::string> ids;
  for (const JobSummary& job : *jobs) ids.push_back(job.spec.id);
  return ids;
}

TEST_F(StoreTest, ReaderFindsJobsByStateTimeAndOperator) {
  auto store = OpenStore();
  auto reader = OpenReader();
  const auto at = [](int64_t s) { return Time(std::chrono::seconds(s)); };
  for (int i = 1; i <= 6; ++i) {
    JobCreated job = NewJob(fmt::format("j{}", i), Nodes(1), i);
    job.spec.created = at(100 * i);
    job.spec.created_by = i % 2 == 0 ? "alice" : "bob";
    ASSERT_TRUE(store->Commit({job}).ok());
  }
  ASSERT_TRUE(store
                  ->Commit({Ended("j2", JobState::kSucceeded, at(1000), 7),
                            Ended("j3", JobState::kFailed, at(1000), 8),
                            Ended("j6", JobState::kCancelled, at(1000), 9)})
                  .ok());
  using enum JobState;
  EXPECT_THAT(IdsOf(reader->ListJobs(9, "", {.states = {kRunning}})),
              ElementsAre("j5", "j4", "j1"));
  EXPECT_THAT(IdsOf(reader->ListJobs(2, "", {.states = {kRunning, kPaused}})),
              ElementsAre("j5", "j4"));
  EXPECT_THAT(IdsOf(reader->ListJobs(2, "j4", {.states = {kRunning}})), ElementsAre("j1"));
  EXPECT_THAT(IdsOf(reader->ListJobs(9, "", {.states = {kFailed, kSucceeded}})),
              ElementsAre("j3", "j2"));
  EXPECT_THAT(IdsOf(reader->ListJobs(9, "", {.states = {kRunning, kFailed}})),
              ElementsAre("j5", "j4", "j3", "j1"));
  EXPECT_THAT(IdsOf(reader->ListJobs(9, "", {.created_by = "alice"})),
              ElementsAre("j6", "j4", "j2"));
  EXPECT_THAT(IdsOf(reader->ListJobs(9, "", {.created_by = "it's"})), ElementsAre());
  EXPECT_THAT(IdsOf(reader->ListJobs(9, "", {.created_from = at(200), .created_before = at(400)})),
              ElementsAre("j3", "j2"));
  EXPECT_THAT(IdsOf(reader->ListJobs(9, "",
                                     {.states = {kRunning},
                                      .created_from = at(200),
                                      .created_before = at(600),
                                      .created_by = "alice"})),
              ElementsAre("j4"));
}

TEST_F(StoreTest, ReaderGoesOnWithAListWhileJobsComeAndGo) {
  auto store = OpenStore();
  auto reader = OpenReader();
  for (int i = 1; i <= 5; ++i)
    ASSERT_TRUE(store->Commit({NewJob(fmt::format("j{}", i), Nodes(1), i)}).ok());
  const JobFilter running = {.states = {JobState::kRunning}};
  EXPECT_THAT(IdsOf(reader->ListJobs(2, "", running)), ElementsAre("j5", "j4"));
  // The page's last job ends and is deleted, the next one ends, and a new one comes.
  ASSERT_TRUE(store
                  ->Commit({Ended("j4", JobState::kFailed, Time(1s), 6), JobDeleted{"j4"},
                            Ended("j3", JobState::kFailed, Time(1s), 7), NewJob("j6", Nodes(1), 8)})
                  .ok());
  EXPECT_THAT(IdsOf(reader->ListJobs(2, "j4", running)), ElementsAre("j2", "j1"));
  EXPECT_THAT(IdsOf(reader->ListJobs(2, "j4")), ElementsAre("j3", "j2"));
}

// What SQLite means to do for a list.
std::string PlanOf(const std::string& file, const JobFilter& filter) {
  auto database = SqliteDatabase::Open(file, SQLITE_OPEN_READWRITE);
  auto explain = (*database)->Prepare("EXPLAIN QUERY PLAN " + JobListSql("created_by", filter));
  EXPECT_TRUE(explain.ok()) << explain.status();
  std::string plan;
  while (*(*explain)->Step()) plan += (*explain)->Text(3) + "\n";
  return plan;
}

TEST_F(StoreTest, AListOfRunningJobsReadsNoOthers) {
  auto store = OpenStore();
  const std::string running = PlanOf(File(), {.states = {JobState::kRunning, JobState::kPaused}});
  EXPECT_THAT(running, HasSubstr("SEARCH job_status USING INDEX job_status_state (state=?)"));
  EXPECT_EQ(running.find("SCAN"), std::string::npos) << running;
  // Any other is found in its order, so that it ends when the page is full.
  const std::string failed = PlanOf(File(), {.states = {JobState::kFailed}, .created_by = "bob"});
  EXPECT_THAT(failed, HasSubstr("INDEX job_listed (id<?)"));
  EXPECT_EQ(failed.find("TEMP B-TREE"), std::string::npos) << failed;
}

// An index is no version of the store: one that an older musterd left is given them.
TEST_F(StoreTest, AStoreWithoutTheIndexesOfListsIsGivenThem) {
  OpenStore();
  Execute("DROP INDEX job_listed; DROP INDEX job_status_state;");
  auto store = OpenStore();
  auto reader = OpenReader();
  EXPECT_TRUE(reader->ListJobs(1, "", {.states = {JobState::kRunning}}).ok());
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
