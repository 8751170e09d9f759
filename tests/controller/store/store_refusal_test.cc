// When the store does not open, and what it says.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/controller/store/store_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;

class StoreRefusalTest : public StoreTest {
 protected:
  // Of the file and its write-ahead log.
  std::string Content() const {
    std::string content;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream file(File() + suffix, std::ios::binary);
      content.append(std::istreambuf_iterator<char>(file), {});
      content += '|';
    }
    return content;
  }

  // In the write-ahead log, as a musterd that is killed leaves it.
  void ExecuteAndBeKilled(const std::string& sql) {
    auto database = SqliteDatabase::Open(File(), SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(database.ok());
    (*database)->SetCheckpointAtClose(false);
    ASSERT_TRUE((*database)->Execute(sql).ok());
    database->reset();
    ASSERT_GT(std::filesystem::file_size(File() + "-wal"), 0u);
  }

  // An ended job.
  void FillHistory() {
    auto store = OpenStore();
    const std::vector<std::string> nodes = Nodes(1'000);
    std::vector<Record> records = {NewJob("j", nodes, 1)};
    for (int i = 0; i < 1'000; ++i)
      records.push_back(Change("j", nodes[i], TaskState::kSucceeded, i + 2));
    records.push_back(Ended("j", JobState::kSucceeded, Time(1s), 2'000));
    ASSERT_TRUE(store->Commit(records).ok());
  }

  void Overwrite(int64_t page, char with) {
    std::fstream file(File(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(page * 4096);
    file << std::string(4096, with);
  }

  void ExpectRefused(const std::string& sentence, StoreOptions options = {}) {
    const std::string before = Content();
    const auto store = SqliteJobStore::Open(dir_, options);
    ASSERT_FALSE(store.ok());
    EXPECT_TRUE(Content() == before) << "the file has changed";
    EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(Message(store.status()), HasSubstr(sentence));
  }
};

TEST_F(StoreRefusalTest, ASecondMusterd) {
  auto first = OpenStore();
  ExpectRefused(
      fmt::format("another musterd (pid {}) uses the state directory {}: stop it", getpid(), dir_));
  first.reset();
  EXPECT_NE(OpenStore(), nullptr);
}

TEST_F(StoreRefusalTest, AFileOfANewerMusterd) {
  OpenStore();
  Execute("PRAGMA user_version = 4");
  ExpectRefused("was written by a newer musterd (version 4 of the store, this one knows 3)");
}

TEST_F(StoreRefusalTest, WithItsWriteAheadLog) {
  FillHistory();
  ExecuteAndBeKilled("PRAGMA user_version = 4");
  ExpectRefused("was written by a newer musterd (version 4 of the store, this one knows 3)");
}

TEST_F(StoreRefusalTest, DamageBelowAWriteAheadLog) {
  FillHistory();
  const int64_t page = Integer("SELECT page_count / 2 FROM pragma_page_count");
  ExecuteAndBeKilled("UPDATE meta SET counter = counter + 1");
  Overwrite(page, '\xee');
  ExpectRefused("is damaged or no database");
}

// The advice is to follow word by word: what a damaged store or a crash leaves beside it must not get into the backup.
TEST_F(StoreRefusalTest, ABackupBesideTheWriteAheadLogOfAnotherStore) {
  FillHistory();
  const std::string backup = dir_ + "/backup";
  std::filesystem::copy(File(), backup);
  auto later = OpenStore();
  const std::string id = later->epoch().store_id;
  ASSERT_TRUE(later->Commit({NewJob("later", {"x1"}, 3'000)}).ok());
  later.reset();
  ExecuteAndBeKilled("UPDATE meta SET counter = counter + 1");
  std::filesystem::copy_file(backup, File(), std::filesystem::copy_options::overwrite_existing);

  const StoreOptions restored = {.retention = {}, .is_restored = true};
  ExpectRefused("mv " + File() + "-* DIRECTORY", restored);

  std::filesystem::remove(File() + "-wal");
  std::filesystem::remove(File() + "-shm");
  const auto store = SqliteJobStore::Open(dir_, restored);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_NE((*store)->epoch().store_id, id);
  EXPECT_EQ(Integer("SELECT count(*) FROM job"), 1);
}

TEST_F(StoreRefusalTest, ADamagedStoreSaysToMoveAwayWhatIsBesideIt) {
  std::ofstream(File()) << std::string(4096, 'x');
  ExpectRefused("mv " + File() + "* DIRECTORY");
}

TEST_F(StoreRefusalTest, ADatabaseOfAnotherProgram) {
  Execute("CREATE TABLE recipes (name TEXT)");
  ExpectRefused("is a database of another program");
}

TEST_F(StoreRefusalTest, AFileThatIsNoDatabase) {
  std::ofstream(File()) << std::string(4096, 'x');
  ExpectRefused("is damaged or no database");
}

TEST_F(StoreRefusalTest, ADatabaseWhosePagesAreOverwritten) {
  OpenStore()->Commit({NewJob("j", Nodes(1'000), 1)}).IgnoreError();
  const auto size = std::filesystem::file_size(File());
  std::fstream file(File(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(size - 4096, '\xee');
  file.close();
  ExpectRefused("is damaged or no database");
}

// In the middle, where nothing that a start reads is.
TEST_F(StoreRefusalTest, ADatabaseWithOneBadPageOfHistory) {
  FillHistory();
  Overwrite(Integer("SELECT page_count / 2 FROM pragma_page_count"), '\xee');
  ExpectRefused("is damaged or no database");
}

TEST_F(StoreRefusalTest, ADatabaseThatIsCutShort) {
  FillHistory();
  std::filesystem::resize_file(File(), std::filesystem::file_size(File()) / 2);
  ExpectRefused("is damaged or no database");
}

TEST_F(StoreRefusalTest, AHeaderThatIsOverwritten) {
  FillHistory();
  Overwrite(0, 'x');
  ExpectRefused("is damaged or no database");
}

TEST_F(StoreRefusalTest, AnotherProgramsDatabaseWithItsOwnMark) {
  Execute("CREATE TABLE recipes (name TEXT); PRAGMA application_id = 7; PRAGMA user_version = 1");
  ExpectRefused("is a database of another program");
}

TEST_F(StoreRefusalTest, ADirectoryThatCannotBeMade) {
  const auto store = SqliteJobStore::Open(dir_ + "/no/such");
  ASSERT_FALSE(store.ok());
  EXPECT_THAT(Message(store.status()), HasSubstr("make the state directory"));
}

TEST_F(StoreRefusalTest, AReaderWithoutADatabase) {
  const auto reader = SqliteJobReader::Open(dir_);
  ASSERT_FALSE(reader.ok());
  EXPECT_THAT(Message(reader.status()), HasSubstr("muster.db"));
}

}  // namespace
}  // namespace muster
