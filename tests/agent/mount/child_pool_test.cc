// Children on the real thing: processes that end, fail, hang, and are asked for twice.
#include "agent/mount/child_pool.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <memory>

#include "agent/mount/run_program.h"

namespace muster {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

ChildResult RunScript(const std::string& script, Duration deadline = 20s) {
  return RunProgram({"/bin/sh", "-c", script}, deadline);
}

TEST(RunProgram, TheEndOfWhatItWroteIsKept) {
  const ChildResult result = RunScript("echo one; echo two >&2");
  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(result.text, "one\ntwo");
  const ChildResult much = RunScript("head -c 1000000 /dev/zero | tr '\\0' y; echo; echo end");
  EXPECT_EQ(much.error, 0) << "what it writes is waited for: " << much.text.substr(0, 80);
  EXPECT_EQ(much.text.size(), 1023u) << "of 1024, without the newline";
  EXPECT_THAT(much.text, EndsWith("end"));
}

TEST(RunProgram, HowItFailedIsTold) {
  const ChildResult failed = RunScript("echo no; exit 3");
  EXPECT_EQ(failed.error, ECANCELED);
  EXPECT_EQ(failed.text, "/bin/sh: exit code 3: no");
  EXPECT_THAT(RunScript("kill -9 $$").text, HasSubstr("signal 9"));
  EXPECT_EQ(RunProgram({"/none"}, 1s).error, ENOENT);
  EXPECT_EQ(RunProgram({}, 1s).error, EINVAL);
}

TEST(RunProgram, WhatDoesNotEndIsKilledWithAllThatItStarted) {
  const std::string mark = testing::TempDir() + "run_program_mark";
  const ChildResult result = RunScript("(sleep 3; touch " + mark + ") & sleep 1000", 300ms);
  EXPECT_EQ(result.error, ETIME);
  EXPECT_THAT(result.text, HasSubstr("did not end in 0 s and was killed"));
  sleep(4);
  struct stat info {};
  EXPECT_NE(stat(mark.c_str(), &info), 0);
}

// What a program leaves behind may keep its output.
TEST(RunProgram, AProgramThatLeavesAnotherBehindHasEnded) {
  EXPECT_EQ(RunScript("sleep 5 & echo done").text, "done");
}

class ChildPoolTest : public testing::Test {
 protected:
  ChildPoolTest() {
    sd_event* event = nullptr;
    if (sd_event_new(&event) < 0) std::abort();
    event_.reset(event);
    std::string pattern = testing::TempDir() + "child_pool_XXXXXX";
    directory_ = mkdtemp(pattern.data());
    pool_ = std::make_unique<ChildPool>(event_.get(), directory_ + "/locks");
  }
  // What it is answered, once the loop has gone on until then.
  ChildResult Do(const ChildTask& task, Duration patience = 20s) {
    std::optional<ChildResult> answer;
    pool_->Run(task, patience, [&answer](const ChildResult& result) { answer = result; });
    while (!answer) sd_event_run(event_.get(), UINT64_MAX);
    return *answer;
  }
  MountOne MountAt(const std::string& name) {
    RecordedMount mount;
    mount.kind = MountKind::kProjected;
    mount.fstype = "dvs";
    mount.target = directory_ + "/" + name;
    return {mount, 0, std::make_shared<const ContentProfile>(profile_)};
  }

  struct Unref {
    void operator()(sd_event* event) const { sd_event_unref(event); }
  };
  std::unique_ptr<sd_event, Unref> event_;
  std::string directory_;
  ContentProfile profile_;
  std::unique_ptr<ChildPool> pool_;
};

TEST_F(ChildPoolTest, AChildsResultComesBackWhole) {
  const ChildResult read = Do(ReadDirectory{directory_});
  EXPECT_EQ(read.error, 0);
  const ChildResult none = Do(ReadDirectory{directory_ + "/none"});
  EXPECT_EQ(none.error, ENOENT);
  EXPECT_EQ(none.text, "No such file or directory");
  EXPECT_FALSE(none.is_hung);
}

TEST_F(ChildPoolTest, AHookInheritsNothingOfTheAgents) {
  const std::ofstream open_file(directory_ + "/agents");
  const ChildResult result = Do(RunHook{{{"/bin/sh", "-c", "set -- /proc/$$/fd/*; echo $#"}, 20s}});
  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(result.text, "4") << "its input, its output, and the folder that it looks into";
}

// As the agent's unit has it.
class Spared {
 public:
  Spared() { Set("300", 5, 2 << 13 | 7); }
  Spared(const Spared&) = delete;
  Spared& operator=(const Spared&) = delete;
  ~Spared() { Set("0", 0, 0); }

 private:
  static void Set(const char* score, int nice_value, int io_priority) {
    std::ofstream("/proc/self/oom_score_adj") << score;
    setpriority(PRIO_PROCESS, 0, nice_value);
    syscall(SYS_ioprio_set, 1, 0, io_priority);
  }
};

// Neither spared when memory is short, nor after all others: it may leave a server behind.
TEST_F(ChildPoolTest, AHookIsNeitherSparedNorLast) {
  const std::string tell = "cat /proc/$$/oom_score_adj; nice; ionice -p $$";
  const Spared spared;
  EXPECT_EQ(RunScript(tell).text, "300\n5\nbest-effort: prio 7") << "what would be inherited";
  EXPECT_EQ(Do(RunHook{{{"/bin/sh", "-c", tell}, 20s}}).text, "0\n0\nnone: prio 0");
}

// Else a thing would be mounted twice, or a file system that hangs would collect processes.
TEST_F(ChildPoolTest, OfATargetThereIsOneChildHoweverLongItHangs) {
  const std::string go = directory_ + "/go";
  profile_.mount_helper = {"/bin/sh", "-c", "until [ -e " + go + " ]; do sleep 0.02; done"};
  EXPECT_FALSE(Do(FindHung{}).is_hung) << "without any lock";
  const ChildResult first = Do(MountAt("a"), 50ms);
  EXPECT_TRUE(first.is_hung);
  EXPECT_EQ(first.text, "it hangs");
  const ChildResult second = Do(MountAt("a"));
  EXPECT_TRUE(second.is_hung);
  EXPECT_EQ(second.text, "an earlier try hangs there");
  // An agent that was started again knows nothing of it, and finds the lock.
  ChildPool other(event_.get(), directory_ + "/locks");
  std::string told;
  other.Run(MountAt("a"), 20s, [&told](const ChildResult& result) { told = result.text; });
  EXPECT_EQ(told, "an earlier try hangs there");
  const ChildResult hung = Do(FindHung{});
  EXPECT_TRUE(hung.is_hung);
  EXPECT_EQ(hung.text, "an earlier try is still at " + directory_ + "/a");
  EXPECT_TRUE(Do(MountAt("b"), 50ms).is_hung) << "another target is nobody's";
  const std::ofstream made(go);
  // Once the helper has ended, the target is free: the helper mounts nothing, which is another error.
  ChildResult last;
  while ((last = Do(MountAt("a"))).is_hung) usleep(20'000);
  while (Do(FindHung{}).is_hung) usleep(20'000);
  EXPECT_EQ(last.error, EINVAL);
  EXPECT_THAT(last.text, HasSubstr("propagation"));
}

// A process with a mount namespace of its own, in which content is mounted at `target`.
class ElsewhereMounted {
 public:
  explicit ElsewhereMounted(const std::string& target) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      const std::string source = "/var/lib/cps-local/" + std::string(32, 'a');
      const bool is_done = unshare(CLONE_NEWNS) == 0 &&
                           mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                           mount(source.c_str(), target.c_str(), "tmpfs", 0, nullptr) == 0;
      if (is_done && write(ends[1], "", 1) == 1) pause();
      _exit(1);
    }
    close(ends[1]);
    char ready = 0;
    is_mounted_ = read(ends[0], &ready, 1) == 1;
    close(ends[0]);
  }
  ElsewhereMounted(const ElsewhereMounted&) = delete;
  ElsewhereMounted& operator=(const ElsewhereMounted&) = delete;
  ~ElsewhereMounted() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  bool is_mounted() const { return is_mounted_; }

 private:
  pid_t pid_ = 0;
  bool is_mounted_ = false;
};

TEST_F(ChildPoolTest, WhatIsContentElsewhereSaysTheTasksOwnProfile) {
  const ElsewhereMounted other(directory_);
  ASSERT_TRUE(other.is_mounted());
  ContentProfile profile;
  profile.types = {"tmpfs"};
  const ChildResult found = Do(FindUsers{{}, std::make_shared<const ContentProfile>(profile)});
  EXPECT_THAT(found.text, AllOf(HasSubstr(fmt::format("process {} ", other.pid())),
                                HasSubstr(directory_ + " is still mounted")));
  EXPECT_EQ(Do(FindUsers{{}, std::make_shared<const ContentProfile>()}).text, "");
}

}  // namespace
}  // namespace muster
