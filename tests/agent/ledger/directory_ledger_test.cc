#include "agent/ledger/directory_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "agent/ledger/ledger_entry.h"
#include "common/limits.h"

namespace muster {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using std::chrono_literals::operator""h;

const AttemptKey kKey{"jobs/0192f0c1-7a3e/tasks/x1000c0s0b0n0", 1};
const char kFile[] = "jobs+0192f0c1-7a3e+tasks+x1000c0s0b0n0@1";

Intent IntentOf(const AttemptKey& key) {
  return {.key = key,
          .unit = "cray-orca.service",
          .boot_id = "b00t",
          .invocation_before = "A",
          .settle = 5s,
          .deadline_boottime_ns = 18'000'000'000'000'000'000u};
}

Outcome Succeeded(const std::string& detail) {
  Outcome outcome;
  outcome.state = OutcomeState::kSucceeded;
  outcome.detail = detail;
  return outcome;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteFile(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// A directory of this test's own, removed at its end.
class DirectoryLedgerTest : public ::testing::Test {
 protected:
  DirectoryLedgerTest() {
    std::string pattern = (fs::temp_directory_path() / "muster-ledger-XXXXXX").string();
    base_ = mkdtemp(pattern.data());
    path_ = base_ / "run" / "ledger";
  }
  ~DirectoryLedgerTest() override {
    std::error_code ignored;
    fs::remove_all(base_, ignored);
  }

  std::unique_ptr<DirectoryLedger> Open() {
    auto ledger = DirectoryLedger::Open(path_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    return ledger.ok() ? *std::move(ledger) : nullptr;
  }

  fs::path base_;
  fs::path path_;
};

TEST_F(DirectoryLedgerTest, MakesItsDirectoryAndAnIncarnationThatStays) {
  std::string incarnation;
  {
    const auto ledger = Open();
    incarnation = ledger->incarnation();
    EXPECT_THAT(incarnation, ::testing::MatchesRegex("[0-9a-f]+"));
    EXPECT_EQ(incarnation.size(), 32u);
    struct stat info {};
    ASSERT_EQ(stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700u);
  }
  EXPECT_EQ(Open()->incarnation(), incarnation);
  fs::remove_all(path_);
  EXPECT_NE(Open()->incarnation(), incarnation) << "a new directory is a new life";
}

TEST_F(DirectoryLedgerTest, KeepsIntentsAndOutcomesOverARestart) {
  const AttemptKey second{"jobs/0192f0c1-7a3e/tasks/x1000c0s0b0n0", 2};
  {
    const auto ledger = Open();
    ASSERT_TRUE(ledger->WriteIntent(IntentOf(kKey)).ok());
    ASSERT_TRUE(ledger->WriteIntent(IntentOf(second)).ok());
    ASSERT_TRUE(ledger->WriteOutcome(kKey, Succeeded("well")).ok());
  }
  EXPECT_THAT(Open()->Load(), ElementsAre(LedgerEntry{IntentOf(kKey), Succeeded("well")},
                                          LedgerEntry{IntentOf(second), std::nullopt}));
}

TEST_F(DirectoryLedgerTest, AnOutcomeNeedsNoIntent) {
  ASSERT_TRUE(Open()->WriteOutcome(kKey, Succeeded("refused")).ok());
  const auto entries = Open()->Load();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].intent.key, kKey);
  EXPECT_EQ(entries[0].outcome, Succeeded("refused"));
}

TEST_F(DirectoryLedgerTest, SettledAttemptsAreRememberedAndNoLongerHeld) {
  {
    const auto ledger = Open();
    ASSERT_TRUE(ledger->WriteIntent(IntentOf(kKey)).ok());
    ASSERT_TRUE(ledger->WriteOutcome(kKey, Succeeded("well")).ok());
    EXPECT_EQ(ledger->Tombstone(kKey), std::nullopt) << "held is not settled";
    ASSERT_TRUE(ledger->Settle(kKey).ok());
    EXPECT_TRUE(ledger->Settle(kKey).ok()) << "a second Settled changes nothing";
    EXPECT_TRUE(ledger->Settle({"jobs/x/tasks/y", 1}).ok()) << "nor does one for a stranger";
    EXPECT_EQ(ledger->Tombstone(kKey), Succeeded("well"));
    EXPECT_THAT(ledger->Load(), IsEmpty());
  }
  const auto ledger = Open();
  EXPECT_THAT(ledger->Load(), IsEmpty());
  EXPECT_EQ(ledger->Tombstone(kKey), Succeeded("well"));
  EXPECT_EQ(ledger->Tombstone({kKey.task, 2}), std::nullopt);
}

TEST_F(DirectoryLedgerTest, AnAttemptSettledInTheMiddleIsRememberedAsInterrupted) {
  const auto ledger = Open();
  ASSERT_TRUE(ledger->WriteIntent(IntentOf(kKey)).ok());
  ASSERT_TRUE(ledger->Settle(kKey).ok());
  EXPECT_EQ(ledger->Tombstone(kKey)->reason, Reason::kInterrupted)
      << "a repeated command must not find nothing";
}

TEST_F(DirectoryLedgerTest, TheOldestTombstonesGo) {
  const auto key_of = [](size_t i) { return AttemptKey{fmt::format("jobs/{:04}/tasks/n", i), 1}; };
  const auto settle = [&](DirectoryLedger& ledger, size_t i) {
    ASSERT_TRUE(ledger.WriteOutcome(key_of(i), Succeeded("well")).ok());
    ASSERT_TRUE(ledger.Settle(key_of(i)).ok());
  };
  const auto count = [&] {
    return std::distance(fs::directory_iterator(path_ / "settled"), fs::directory_iterator());
  };
  Open();
  // A full ledger, as an earlier life left it: the later its name in the alphabet, the longer ago.
  const auto long_ago = fs::file_time_type::clock::now() - 24h;
  for (size_t i = 0; i < limits::kMaxTombstones; ++i) {
    const fs::path file = path_ / "settled" / *FileNameOf(key_of(i));
    WriteFile(file, EntryText({IntentOf(key_of(i)), Succeeded("well")}));
    fs::last_write_time(file, long_ago - std::chrono::seconds(i));
  }
  const size_t oldest = limits::kMaxTombstones - 1, newest = 0;

  const auto ledger = Open();
  EXPECT_EQ(ledger->Tombstone(key_of(oldest)), Succeeded("well"));
  settle(*ledger, oldest + 1);
  settle(*ledger, oldest + 2);

  EXPECT_EQ(count(), limits::kMaxTombstones);
  EXPECT_EQ(ledger->Tombstone(key_of(oldest)), std::nullopt);
  EXPECT_EQ(ledger->Tombstone(key_of(oldest - 1)), std::nullopt);
  for (const size_t kept : {oldest - 2, newest, oldest + 1, oldest + 2}) {
    EXPECT_EQ(ledger->Tombstone(key_of(kept)), Succeeded("well")) << kept;
  }
}

TEST_F(DirectoryLedgerTest, WhatACrashLeftHalfWrittenIsRemoved) {
  {
    const auto ledger = Open();
    ASSERT_TRUE(ledger->WriteIntent(IntentOf(kKey)).ok());
  }
  const std::string torn = ReadFile(path_ / "attempts" / kFile).substr(0, 20);
  WriteFile(path_ / "attempts" / (std::string(kFile) + "~"), torn);
  WriteFile(path_ / "epoch~", "{");
  EXPECT_THAT(Open()->Load(), ElementsAre(LedgerEntry{IntentOf(kKey), std::nullopt}))
      << "the file before the crash is in force";
  EXPECT_FALSE(fs::exists(path_ / "attempts" / (std::string(kFile) + "~")));
  EXPECT_FALSE(fs::exists(path_ / "epoch~"));
}

TEST_F(DirectoryLedgerTest, AnUnreadableEntryStaysHeldAndIsNeverActedUpon) {
  std::string good;
  {
    const auto ledger = Open();
    ASSERT_TRUE(ledger->WriteIntent(IntentOf(kKey)).ok());
    good = ReadFile(path_ / "attempts" / kFile);
  }
  std::string of_another = good;
  of_another.replace(of_another.find("x1000"), 5, "x2000");
  std::string of_no_unit = good;
  of_no_unit.replace(of_no_unit.find("cray-orca.service"), 17, "");
  std::string for_ever = good;
  for_ever.replace(for_ever.find("5000000000"), 10, "9223372036854775807");
  for (const std::string& bad :
       {std::string(), good.substr(0, good.size() / 2), std::string("\0\0\0\0", 4),
        std::string("{}"), std::string(kMaxEntryBytes + 1, ' '), of_another, of_no_unit,
        for_ever}) {
    WriteFile(path_ / "attempts" / kFile, bad);
    fs::remove(path_ / "corrupt" / kFile);
    for (const char* when : {"first", "again"}) {
      const auto entries = Open()->Load();
      ASSERT_EQ(entries.size(), 1u) << when;
      EXPECT_EQ(entries[0].intent.key, kKey);
      ASSERT_TRUE(entries[0].outcome.has_value());
      EXPECT_EQ(entries[0].outcome->state, OutcomeState::kFailed);
      EXPECT_EQ(entries[0].outcome->reason, Reason::kInterrupted);
      EXPECT_THAT(entries[0].outcome->detail, HasSubstr("unreadable"));
    }
    EXPECT_EQ(ReadFile(path_ / "corrupt" / kFile), bad) << "kept for people";
  }
}

TEST_F(DirectoryLedgerTest, FilesOfOthersAreLeftAlone) {
  Open();
  WriteFile(path_ / "attempts" / "README", "hello");
  WriteFile(path_ / "attempts" / "a@01", "hello");
  EXPECT_THAT(Open()->Load(), IsEmpty());
  EXPECT_EQ(ReadFile(path_ / "attempts" / "README"), "hello");
}

TEST_F(DirectoryLedgerTest, AnUnreadableIncarnationBeginsANewLife) {
  const std::string before = Open()->incarnation();
  WriteFile(path_ / "incarnation", before.substr(0, 7));
  const std::string after = Open()->incarnation();
  EXPECT_NE(after, before);
  EXPECT_EQ(after.size(), 32u);
  EXPECT_EQ(Open()->incarnation(), after);
}

TEST_F(DirectoryLedgerTest, KeepsTheEpoch) {
  EXPECT_EQ(Open()->epoch(), std::nullopt);
  ASSERT_TRUE(Open()->WriteEpoch({.store_id = "s", .counter = UINT64_MAX}).ok());
  EXPECT_EQ(Open()->epoch(), (Epoch{.store_id = "s", .counter = UINT64_MAX}));
  WriteFile(path_ / "epoch", "{\"store_id\":\"s\"}\n");
  EXPECT_EQ(Open()->epoch(), std::nullopt) << "a new one is accepted";
}

TEST_F(DirectoryLedgerTest, NamesThatWouldEscapeTheDirectoryAreRefused) {
  const auto ledger = Open();
  const std::string longest(limits::kMaxNameBytes, 'a');
  for (const std::string& task :
       {std::string(), std::string("a b"), std::string("a@1"), std::string("a+b"),
        std::string("a~"), std::string("a\0b", 3), std::string("\xc3\xa9"), longest + "a"}) {
    EXPECT_EQ(ledger->WriteIntent(IntentOf({task, 1})).code(), absl::StatusCode::kInvalidArgument)
        << task;
    EXPECT_EQ(ledger->WriteOutcome({task, 1}, Succeeded("")).code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ledger->Tombstone({task, 1}), std::nullopt);
  }
  EXPECT_FALSE(ledger->WriteIntent(IntentOf({"jobs/a/tasks/b", 0})).ok());
  for (const std::string& task : {std::string("../../etc/x"), std::string(".."), longest}) {
    EXPECT_TRUE(ledger->WriteIntent(IntentOf({task, 1})).ok()) << "is one name: " << task;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(path_ / "attempts"), fs::directory_iterator()), 3);
  EXPECT_EQ(KeyOf("..+..+etc+x@1"), (AttemptKey{"../../etc/x", 1}));
}

TEST_F(DirectoryLedgerTest, AFullLedgerSaysSo) {
  const auto ledger = Open();
  for (size_t i = 0; i < limits::kMaxHeldAttempts; ++i) {
    ASSERT_TRUE(ledger->WriteIntent(IntentOf({fmt::format("jobs/{}", i), 1})).ok());
  }
  EXPECT_EQ(ledger->WriteIntent(IntentOf(kKey)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(ledger->WriteOutcome({"jobs/0", 1}, Succeeded("well")).ok()) << "what is held ends";
}

// Files of this process may not grow beyond `bytes`, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(DirectoryLedgerTest, AFailedWriteIsAnErrorAndLeavesNothing) {
  const auto ledger = Open();
  const AttemptKey other{"jobs/other/tasks/n", 1};
  ASSERT_TRUE(ledger->WriteIntent(IntentOf(other)).ok());
  {
    const FullDisk full(10);
    const absl::Status status = ledger->WriteIntent(IntentOf(kKey));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(Message(status), HasSubstr(kFile));
    EXPECT_FALSE(ledger->WriteOutcome(other, Succeeded("well")).ok());
    EXPECT_FALSE(ledger->WriteEpoch({.store_id = "s", .counter = 1}).ok());
  }
  const std::vector<LedgerEntry> as_before = {{IntentOf(other), std::nullopt}};
  EXPECT_EQ(ledger->Load(), as_before);
  EXPECT_EQ(ledger->epoch(), std::nullopt);
  EXPECT_EQ(std::distance(fs::directory_iterator(path_ / "attempts"), fs::directory_iterator()), 1);
  EXPECT_TRUE(ledger->WriteIntent(IntentOf(kKey)).ok()) << "and works when there is room again";
}

TEST_F(DirectoryLedgerTest, ADirectoryThatWasRemovedTakesNoMoreIntents) {
  const auto ledger = Open();
  fs::remove_all(path_);
  EXPECT_EQ(ledger->WriteIntent(IntentOf(kKey)).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(fs::exists(path_)) << "it must not come back under the old incarnation";
}

TEST_F(DirectoryLedgerTest, APathThatCannotBeADirectoryIsAnError) {
  WriteFile(base_ / "run", "a file");
  const auto ledger = DirectoryLedger::Open(path_);
  ASSERT_FALSE(ledger.ok());
  EXPECT_THAT(Message(ledger.status()), HasSubstr((base_ / "run").string()));
  EXPECT_FALSE(DirectoryLedger::Open("/proc/muster/ledger").ok());
}

TEST_F(DirectoryLedgerTest, ADirectoryThatOthersCanWriteIsNotTrusted) {
  Open();
  ASSERT_EQ(chmod(path_.c_str(), 0770), 0);
  const auto ledger = DirectoryLedger::Open(path_);
  ASSERT_FALSE(ledger.ok());
  EXPECT_EQ(ledger.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(ledger.status()), HasSubstr("other users may write in it"));
}

TEST_F(DirectoryLedgerTest, OneProcessHasIt) {
  int ready[2], done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(done[1]);
    const auto held = DirectoryLedger::Open(path_);
    char byte = held.ok() ? 'y' : 'n';
    (void)!write(ready[1], &byte, 1);
    (void)!read(done[0], &byte, 1);
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const auto second = DirectoryLedger::Open(path_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(second.status()), HasSubstr(fmt::format("process {}", child)));
  close(done[1]);
  waitpid(child, nullptr, 0);
  EXPECT_NE(Open(), nullptr) << "the lock ends with its holder";
  for (const int fd : {ready[0], ready[1], done[0]}) close(fd);
}

}  // namespace
}  // namespace muster
