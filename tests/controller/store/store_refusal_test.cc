// When the store does not open, and what it says.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <fstream>

#include "tests/controller/store/store_fixture.h"

namespace muster {
namespace {

using ::testing::HasSubstr;

class StoreRefusalTest : public StoreTest {
 protected:
  std::string File() const { return dir_ + "/muster.db"; }

  void Execute(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(File().c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  void ExpectRefused(const std::string& sentence) {
    const auto store = SqliteJobStore::Open(dir_);
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(Message(store.status()), HasSubstr(sentence));
  }
};

TEST_F(StoreRefusalTest, ASecondMusterd) {
  auto first = OpenStore();
  ExpectRefused("another musterd uses the state directory " + dir_);
  first.reset();
  EXPECT_NE(OpenStore(), nullptr);
}

TEST_F(StoreRefusalTest, AFileOfANewerMusterd) {
  OpenStore();
  Execute("PRAGMA user_version = 2");
  ExpectRefused("was written by a newer musterd (version 2 of the store, this one knows 1)");
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
