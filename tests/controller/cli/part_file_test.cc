// A file that is there whole or not at all, on every file system and for two who write at once.
#include "controller/cli/part_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>

#include "group_dir.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;

std::string TextIn(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

size_t CountIn(const std::string& dir) {
  const std::filesystem::directory_iterator files(dir);
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

// This process is from now on at a file system that knows no RENAME_NOREPLACE, such as NFS and CephFS.
bool LoseNoReplace() {
  constexpr uint32_t kFlags = offsetof(seccomp_data, args) + 4 * sizeof(uint64_t);
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFlags),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {std::size(program), program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// How writing `text` to `path` ends.
absl::Status Write(const std::string& path, const std::string& text, bool may_replace = false) {
  absl::StatusOr<PartFile> part = PartFile::Create(path, may_replace);
  MUSTER_RETURN_IF_ERROR(part.status());
  MUSTER_RETURN_IF_ERROR(part->Write(text));
  return part->Finish();
}

TEST(PartFile, IsThereWholeAndForItsUserOnly) {
  const GroupDir dir;
  const std::string path = dir.path() + "/file";
  ASSERT_TRUE(Write(path, "text").ok());
  EXPECT_EQ(TextIn(path), "text");
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(Write(path, "other").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(TextIn(path), "text");
  ASSERT_TRUE(Write(path, "other", /*may_replace=*/true).ok());
  EXPECT_EQ(TextIn(path), "other");
  EXPECT_EQ(CountIn(dir.path()), 1u);
}

TEST(PartFile, TwoThatAreWrittenAtOnceAreTwo) {
  const GroupDir dir;
  const std::string path = dir.path() + "/file";
  {
    absl::StatusOr<PartFile> one = PartFile::Create(path, false);
    absl::StatusOr<PartFile> other = PartFile::Create(path, false);
    ASSERT_TRUE(one.ok() && other.ok());
    ASSERT_TRUE(one->Write("the first").ok());
    ASSERT_TRUE(other->Write("another").ok());
    ASSERT_TRUE(one->Finish().ok());
    EXPECT_EQ(TextIn(path), "the first");
    EXPECT_EQ(other->Finish().code(), absl::StatusCode::kAlreadyExists);
  }
  EXPECT_EQ(TextIn(path), "the first");
  EXPECT_EQ(CountIn(dir.path()), 1u);
}

TEST(PartFile, AFileSystemWithoutNoReplaceGetsItToo) {
  const GroupDir dir;
  const std::string path = dir.path() + "/file";
  const auto write_there = [&path] {
    if (!LoseNoReplace()) _exit(9);
    if (renameat2(AT_FDCWD, "/no/such", AT_FDCWD, "/file", RENAME_NOREPLACE) == 0 ||
        errno != EINVAL)
      _exit(8);
    const absl::Status first = Write(path, "first");
    const absl::Status second = Write(path, "second");
    fmt::print(stderr, "{}; {}\n", Message(first), Message(second));
    _exit(first.ok() && second.code() == absl::StatusCode::kAlreadyExists ? 0 : 1);
  };
  EXPECT_EXIT(write_there(), ::testing::ExitedWithCode(0), "is there already");
  EXPECT_EQ(TextIn(path), "first");
  EXPECT_EQ(CountIn(dir.path()), 1u);
}

TEST(PartFile, OneThatCannotBeWrittenLeavesNothing) {
  const GroupDir dir;
  EXPECT_THAT(Message(Write(dir.path() + "/no/file", "text")), HasSubstr("/no/file"));
  EXPECT_EQ(CountIn(dir.path()), 0u);
}

}  // namespace
}  // namespace muster::cli
