// Copies of the store, taken while it is written.
#include "controller/store/store_copy.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kGiB = 1 << 30;

bool Always() { return true; }

class StoreCopyTest : public StoreTest {
 protected:
  // As a backup that is put into a new state directory.
  std::string Restored(const UniqueFd& copy) {
    const std::string restored = dir_ + "/restored";
    std::filesystem::create_directory(restored);
    std::ofstream out(restored + "/muster.db", std::ios::binary);
    char buffer[65536];
    for (ssize_t n; (n = read(copy.get(), buffer, sizeof(buffer))) > 0;) out.write(buffer, n);
    return restored;
  }
  std::vector<std::string> Copies() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_))
      if (entry.path().filename().string().find("copy") != std::string::npos)
        names.push_back(entry.path());
    return names;
  }
  static std::string CheckOf(SqliteDatabase& database) {
    auto check = database.Prepare("PRAGMA integrity_check");
    EXPECT_TRUE(check.ok() && (*check)->Step().value_or(false));
    return (*check)->Text(0);
  }
};

// Jobs of 10,000 tasks, each transition of which the writer commits in batches of a hundred, before, during and after the copy.
TEST_F(StoreCopyTest, IsWholeWhileJobsOfTenThousandTasksAreCommitted) {
  const auto store = OpenStore();
  const std::vector<std::string> nodes = Nodes(10'000);
  std::atomic<bool> is_over = false;
  std::atomic<uint64_t> revision = 0;
  std::atomic<int> commits = 0;
  std::thread writer([&] {
    for (int job = 0; !is_over; ++job) {
      const std::string id = "job-" + std::to_string(job);
      ASSERT_TRUE(store->Commit({NewJob(id, nodes, ++revision)}).ok());
      for (size_t i = 0; i < nodes.size() && !is_over; i += 100) {
        std::vector<Record> records;
        for (size_t k = i; k < i + 100; ++k)
          records.push_back(Change(id, nodes[k], TaskState::kDispatched, ++revision));
        ASSERT_TRUE(store->Commit(records).ok());
        ++commits;
      }
    }
  });
  while (commits < 400) std::this_thread::yield();
  // Each time it is asked it waits until something was committed: a copy that began again for it would never come to an end.
  int asked = 0;
  const auto goes_on = [&] {
    ++asked;
    for (const int seen = commits; commits < seen + 2;) std::this_thread::yield();
    return true;
  };
  const uint64_t before = revision;
  const absl::StatusOr<UniqueFd> copy = CopyStore(dir_, goes_on);
  is_over = true;
  writer.join();
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_GT(asked, 3);

  const std::string restored = Restored(*copy);
  const auto database = SqliteDatabase::Open(restored + "/muster.db", SQLITE_OPEN_READWRITE);
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_EQ(CheckOf(**database), "ok");
  const auto last = (*database)->QueryInteger("SELECT max(revision) FROM job_status");
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_GE(*last, static_cast<int64_t>(before) - 100);
  // One moment: what the counts say is what the tasks are.
  EXPECT_EQ(*(*database)->QueryInteger("SELECT max(revision) FROM transition"),
            *(*database)->QueryInteger("SELECT max(revision) FROM job_status WHERE job IN "
                                       "(SELECT job FROM transition)"));
}

TEST_F(StoreCopyTest, ARestoredOneIsAStore) {
  auto store = OpenStore();
  ASSERT_TRUE(store->Commit({NewJob("a", {"x1"}, 1)}).ok());
  const std::string id = store->epoch().store_id;
  const auto copy = CopyStore(dir_, Always);
  ASSERT_TRUE(copy.ok()) << copy.status();
  ASSERT_TRUE(store->Commit({NewJob("b", {"x1"}, 2)}).ok());
  auto restored = SqliteJobStore::Open(Restored(*copy), {.retention = {}, .is_restored = true});
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_NE((*restored)->epoch().store_id, id);
  const auto loaded = (*restored)->Load(10);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->jobs.size(), 1u);
}

TEST_F(StoreCopyTest, NothingIsLeft) {
  auto store = OpenStore();
  ASSERT_TRUE(CopyStore(dir_, Always).ok());
  EXPECT_THAT(Copies(), IsEmpty());
  EXPECT_EQ(CopyStore(dir_, [] { return false; }).status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(Copies(), IsEmpty());
  // Of one that was killed.
  std::ofstream(dir_ + "/muster.db.copy") << "half";
  ASSERT_TRUE(CopyStore(dir_, Always).ok());
  std::ofstream(dir_ + "/muster.db.copy") << "half";
  store.reset();
  store = OpenStore();
  EXPECT_THAT(Copies(), IsEmpty());
}

TEST(CopyReserve, IsAGigabyteOrATenthOfTheStoreAndNeverMoreThanATwentiethOfTheDisk) {
  EXPECT_EQ(CopyReserve(50 * kMiB, 500 * kGiB), kGiB);
  EXPECT_EQ(CopyReserve(40 * kGiB, 500 * kGiB), 4 * kGiB);
  EXPECT_EQ(CopyReserve(50 * kMiB, 10 * kGiB), 512 * kMiB);
}

// On a full disk the controller stands still, so a backup must not fill it.
TEST_F(StoreCopyTest, IsNotBegunWithoutRoomForItAndTheStoreBeside) {
  const auto store = OpenStore();
  const auto disk = [](const std::string&) { return DiskSpace{500 * kGiB, kGiB}; };
  const auto copy = CopyStore(dir_, Always, disk);
  EXPECT_EQ(copy.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(copy.status()), HasSubstr("the disk has 1024 MiB free, and 1025 MiB are "
                                                "needed (1024 MiB of them stay free for"));
  EXPECT_THAT(Copies(), IsEmpty());
}

TEST_F(StoreCopyTest, EndsWhenOthersFillTheDiskMeanwhile) {
  const auto store = OpenStore();
  int looks = 0;
  const auto disk = [&looks](const std::string&) {
    return DiskSpace{500 * kGiB, ++looks > 1 ? kGiB - 1 : 2 * kGiB};
  };
  const auto copy = CopyStore(dir_, Always, disk);
  EXPECT_EQ(copy.status().code(), absl::StatusCode::kResourceExhausted) << copy.status();
  EXPECT_EQ(looks, 2);
  EXPECT_THAT(Copies(), IsEmpty());
}

}  // namespace
}  // namespace muster
