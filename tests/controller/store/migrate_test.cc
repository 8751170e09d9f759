// A store of version 1 becomes one of the newest with all that is in it, wholly or not at all.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/controller/store/store_fixture.h"
#include "tests/controller/store/version1.h"

namespace muster {
namespace {

using ::testing::HasSubstr;

int budget_of_child = 0;

int DieAfterBudget(sqlite3* database, char**, const sqlite3_api_routines*) {
  sqlite3_progress_handler(
      database, 1,
      [](void*) {
        if (--budget_of_child <= 0) _exit(9);
        return 0;
      },
      nullptr);
  return SQLITE_OK;
}

int MayNotGrow(sqlite3* database, char**, const sqlite3_api_routines*) {
  return sqlite3_exec(database, "PRAGMA max_page_count = 1", nullptr, nullptr, nullptr);
}

class MigrateTest : public StoreTest {
 protected:
  MigrateTest() { Execute(kVersion1); }

  // Opens the store in a process that dies after so many of SQLite's instructions. False if it needed no more.
  bool OpenIsKilledAfter(int budget) {
    const pid_t child = fork();
    if (child == 0) {
      budget_of_child = budget;
      OnNewConnections(DieAfterBudget);
      _exit(SqliteJobStore::Open(dir_).ok() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_NE(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status) == 9;
  }
};

Policy PolicyOfVersion1() {
  Policy policy;
  policy.max_failures = {0, 10'000};
  return policy;
}

TEST_F(MigrateTest, GivesBackEveryJob) {
  auto store = OpenStore();
  EXPECT_EQ(store->epoch(), (Epoch{"0199d2a4-0000-7000-8000-000000000001", 42}));
  auto loaded = store->Load(100);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->jobs.size(), 3u);
  const StoredJob& ended = loaded->jobs[0];
  EXPECT_EQ(ended.spec.id, "j1");
  EXPECT_EQ(ended.spec.request_id, "request of j1");
  EXPECT_EQ(ended.spec.request_digest, std::string("\0\xff", 2));
  EXPECT_EQ(ended.spec.work, Work(RestartUnit{"cray-orca.service", 5s}));
  EXPECT_EQ(ended.spec.created_by, "alice");
  EXPECT_EQ(ended.spec.created, Time(1'700'000'000s));
  Policy policy = PolicyOfVersion1();
  policy.max_parallel = 7;
  policy.delivery_deadline = 30s;
  policy.execution_deadline = 90s;
  policy.deadline = 10min;
  EXPECT_EQ(ended.spec.policy, policy);
  EXPECT_EQ(ended.status,
            (JobStatus{JobState::kFailed, "one of 2 failed", Time(1'700'000'050s), 6}));
  ASSERT_EQ(ended.tasks.size(), 1u);
  EXPECT_EQ(ended.tasks[0].state, TaskState::kLost);
  const absl::StatusOr<Task> failed = OpenReader()->GetTask("j1", "x0");
  ASSERT_TRUE(failed.ok()) << failed.status();
  EXPECT_EQ(failed->state, TaskState::kFailed);
  EXPECT_EQ(failed->outcome->detail, "it died");
  EXPECT_EQ(loaded->jobs[1].spec.policy, PolicyOfVersion1());
  EXPECT_EQ(loaded->jobs[1].tasks[0].state, TaskState::kDispatched);
  EXPECT_EQ(loaded->jobs[2].tasks[0].state, TaskState::kPending);
  EXPECT_EQ(loaded->jobs[2].tasks[0].revision, 9u);
  EXPECT_EQ(loaded->requests.size(), 3u);
  EXPECT_EQ(loaded->nodes.size(), 1u);
  EXPECT_EQ(loaded->revision, 9u);
}

TEST_F(MigrateTest, TheStoreWorksOn) {
  auto store = OpenStore();
  ASSERT_TRUE(store
                  ->Commit({Change("j2", "x0", TaskState::kSucceeded, 10), NewJob("j4", {"x0"}, 11),
                            LateOutcome{"j1", "x1", 12, Outcome()}})
                  .ok());
  while (*store->Tidy(Time(1'700'000'300s))) {
  }
  auto reader = OpenReader();
  EXPECT_EQ(reader->ListJobs(10, "")->size(), 4u);
  EXPECT_EQ(reader->GetTask("j2", "x0")->state, TaskState::kSucceeded);
  EXPECT_TRUE(reader->GetTask("j1", "x1")->late_outcome);
  EXPECT_EQ(Integer("SELECT count(*) FROM transition WHERE job = 1"), 2);
}

TEST_F(MigrateTest, TheLogSaysSo) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  OpenStore();
  EXPECT_THAT(testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr(),
              HasSubstr("store migrated file=" + File() + " from_version=1 to_version=3"));
}

TEST_F(MigrateTest, ASecondOpeningMigratesNothing) {
  OpenStore();
  EXPECT_EQ(OpenStore()->epoch().counter, 43u);
  EXPECT_EQ(Integer("PRAGMA user_version"), 3);
}

// Wherever the process dies, the next start does all of it.
TEST_F(MigrateTest, KilledAnywhereItStartsAgain) {
  int deaths = 0;
  for (int budget = 50; true; budget += 50) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directory(dir_);
    Execute(kVersion1);
    const bool died = OpenIsKilledAfter(budget);
    auto store = OpenStore();
    ASSERT_NE(store, nullptr) << budget;
    auto loaded = store->Load(100);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    ASSERT_EQ(loaded->jobs.size(), 3u);
    ASSERT_EQ(OpenReader()->GetTask("j1", "x0")->outcome->detail, "it died");
    ASSERT_EQ(loaded->jobs[0].spec.policy.max_parallel, 7u);
    if (!died) break;
    ++deaths;
  }
  EXPECT_GT(deaths, 20);
}

TEST_F(MigrateTest, WithoutRoomTheFileStaysAsItIs) {
  OnNewConnections(MayNotGrow);
  const auto store = SqliteJobStore::Open(dir_);
  OnNewConnections(nullptr);
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(Message(store.status()), HasSubstr("migrate it from version 1 to 3"));
  EXPECT_THAT(Message(store.status()), HasSubstr("full"));
  EXPECT_EQ(Integer("PRAGMA user_version"), 1);
  EXPECT_EQ(Integer("SELECT max_parallel FROM job WHERE id = 'j1'"), 7);
  EXPECT_NE(OpenStore(), nullptr);
}

}  // namespace
}  // namespace muster
