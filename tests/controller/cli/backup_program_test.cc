// muster backup as an operator runs it: the file is there whole, or there is none.
#include <gmock/gmock.h>

#include "controller/pki/sha256.h"
#include "program_fixture.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BackupTest : public ProgramTest {
 protected:
  void SetUp() override {
    folder_ = dir_ + "/backups";
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Two pieces and the end, which says that they have the digest of `whole`.
  void Script(const std::string& first, const std::string& second, const std::string& whole) {
    controller_.backup.pieces.resize(3);
    controller_.backup.pieces[0].set_data(first);
    controller_.backup.pieces[1].set_data(second);
    Sha256 digest;
    digest.Add(whole);
    controller_.backup.pieces[2].set_sha256(digest.Finish());
  }
  std::string File() const { return folder_ + "/store.db"; }
  std::vector<std::string> Left() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    return names;
  }

 private:
  std::string folder_;
};

TEST_F(BackupTest, IsWhatWasSentForItsUserOnly) {
  Script("one ", "two", "one two");
  Serve();
  const Result result = Run({"backup", File()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("store.db: 7 bytes"));
  EXPECT_EQ(ReadFile(File()), "one two");
  EXPECT_EQ(std::filesystem::status(File()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(Left().size(), 1u);
}

TEST_F(BackupTest, WhatCameOtherwiseIsNotKept) {
  Script("one ", "twa", "one two");
  Serve();
  const Result result = Run({"backup", File()});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("what came is not what was sent"));
  EXPECT_THAT(Left(), IsEmpty());
}

TEST_F(BackupTest, HalfOfItIsNotKept) {
  Script("one ", "two", "one two");
  controller_.backup.pieces.pop_back();
  Serve();
  const Result result = Run({"backup", File()});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("it ended before its end"));
  EXPECT_THAT(Left(), IsEmpty());
}

TEST_F(BackupTest, AControllerThatDiesLeavesTheOldFile) {
  std::ofstream(File()) << "yesterday's";
  Script("one ", "two", "one two");
  controller_.backup.pieces.pop_back();
  controller_.backup.end = StreamEnd::kBreak;
  Serve();
  EXPECT_EQ(Run({"backup", File()}).exit_code, 1);
  const Result result = Run({"backup", "--force", File()});
  EXPECT_NE(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadFile(File()), "yesterday's");
  EXPECT_EQ(Left().size(), 1u);
}

TEST_F(BackupTest, CtrlCLeavesNothing) {
  Script("one ", "two", "one two");
  controller_.backup.pieces.pop_back();
  controller_.backup.end = StreamEnd::kHang;
  Serve();
  const pid_t pid = Start({"backup", File()});
  ASSERT_TRUE(controller_.WaitForHang());
  kill(pid, SIGINT);
  const Result result = Finish(pid);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("interrupted; no file was left"));
  EXPECT_THAT(Left(), IsEmpty());
}

}  // namespace
}  // namespace muster::cli
