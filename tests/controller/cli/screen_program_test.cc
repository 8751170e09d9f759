// The program on a terminal, and what signals do to it: its keys, its line, and how it leaves the terminal behind.
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "screen_fixture.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
constexpr char kPrompt[] = "[d]etach";

class ScreenTest : public ProgramTest {
 protected:
  // A job of two nodes that nothing happens to until Release; then it has succeeded.
  void ServeJobThatHangs() {
    controller_.MakeJob(2);
    const auto begin =
        controller_.Change(v1::JOB_STATE_RUNNING, {v1::TASK_STATE_RUNNING, v1::TASK_STATE_PENDING});
    const auto end = controller_.Change(v1::JOB_STATE_SUCCEEDED,
                                        {v1::TASK_STATE_SUCCEEDED, v1::TASK_STATE_SUCCEEDED});
    controller_.watches = {{{begin}, StreamEnd::kHang}, {{end}, StreamEnd::kOk}};
    Serve();
  }
  Screen OnScreen(std::vector<std::string> arguments, const std::vector<std::string>& before = {}) {
    return Screen(before, CommandLine(std::move(arguments)));
  }
};

TEST_F(ScreenTest, OnlyAKeyAloneIsAnAnswer) {
  ServeJobThatHangs();
  Screen screen = OnScreen({"job", "watch", "7"});
  screen.WaitFor("0 of 2 ended");
  screen.Type("\x03");
  screen.WaitFor(kPrompt);
  // Right, Left, and what somebody meant for a shell.
  for (const char* keys : {"\033[C", "\033OC", "cd /etc\n"}) {
    screen.Type(keys);
    // Each second it is drawn again; between two of these, keys are looked for.
    for (int i = 0; i < 2; ++i) {
      screen.Forget();
      screen.WaitFor(kPrompt);
    }
  }
  EXPECT_EQ(controller_.LastCancelled(), "");
  screen.Forget();
  screen.Type("g");
  screen.WaitFor("0 of 2 ended");
  controller_.Release();
  EXPECT_EQ(screen.ExitCode(), 0) << screen.text();
  EXPECT_EQ(controller_.LastCancelled(), "");
}

TEST_F(ScreenTest, EndedAtOnceItLeavesTheTerminalAsItWas) {
  ServeJobThatHangs();
  Screen screen = OnScreen({"job", "watch", "7"});
  const tcflag_t before = screen.LocalFlags();
  screen.WaitFor("0 of 2 ended");
  screen.Type("\x03");
  screen.WaitFor(kPrompt);
  EXPECT_NE(screen.LocalFlags(), before);
  // The first raises, the second ends it before it can do anything more.
  kill(screen.pid(), SIGINT);
  kill(screen.pid(), SIGTERM);
  EXPECT_EQ(screen.ExitCode(), 4);
  EXPECT_EQ(screen.LocalFlags(), before);
}

TEST_F(ScreenTest, InTheBackgroundItTellsLinesAndDrawsNone) {
  ServeJobThatHangs();
  Screen screen = OnScreen({"job", "watch", "7"}, {"sh", "-mc", "\"$@\" & wait $!", "sh"});
  ASSERT_TRUE(controller_.WaitForHang());
  screen.WaitFor("restart ORCA on 2 nodes");
  controller_.Release();
  EXPECT_EQ(screen.ExitCode(), 0) << screen.text();
  EXPECT_THAT(screen.text(), HasSubstr("2 of 2 succeeded"));
  EXPECT_THAT(screen.text(), Not(HasSubstr("\033[J")));
  EXPECT_THAT(screen.text(), Not(HasSubstr("\033[?7l")));
}

TEST_F(ScreenTest, IgnoredSignalsStayIgnored) {
  ServeJobThatHangs();
  Screen screen =
      OnScreen({"job", "watch", "7"}, {"sh", "-c", "trap '' INT TERM; exec \"$@\"", "sh"});
  ASSERT_TRUE(controller_.WaitForHang());
  kill(screen.pid(), SIGINT);
  kill(screen.pid(), SIGTERM);
  controller_.Release();
  EXPECT_EQ(screen.ExitCode(), 0) << screen.text();
}

TEST_F(ScreenTest, APagerHasCtrlC) {
  for (int i = 0; i < 100; ++i)
    controller_.nodes.emplace_back().set_name("nodes/x1000c0s0b0n" + std::to_string(i));
  Serve();
  Screen screen = OnScreen(
      {"node", "list"}, {"env",
                         "MUSTER_PAGER=cat >/dev/null; trap 'echo heard; exit 0' INT; echo paging; "
                         "while :; do sleep 0.1; done"});
  screen.WaitFor("paging");
  screen.Type("\x03");
  screen.WaitFor("heard");
  EXPECT_EQ(screen.ExitCode(), 0) << screen.text();
}

TEST_F(ScreenTest, ACancelThatIsNotAnsweredIsTriedAgainOnACleanScreen) {
  ServeJobThatHangs();
  controller_.unavailable_cancels = 1;
  Screen screen = OnScreen({"job", "watch", "7"});
  screen.WaitFor("0 of 2 ended");
  screen.Type("\x03");
  screen.WaitFor(kPrompt);
  screen.Type("c");
  screen.WaitFor("does not answer (Socket closed); it is tried again");
  screen.WaitFor("jobs/7 is cancelled: what has started ends as it truly ends");
  controller_.Release();
  EXPECT_EQ(screen.ExitCode(), 0) << screen.text();
  EXPECT_EQ(controller_.LastCancelled(), "jobs/7");
  EXPECT_THAT(screen.text(), Not(HasSubstr("trying for")));
}

TEST_F(ScreenTest, HealthSaysThatItIsOldWhileNobodyAnswers) {
  controller_.health.set_verdict(v1::HEALTH_VERDICT_WELL);
  Serve();
  Screen screen = OnScreen({"health", "--watch"});
  screen.WaitFor("WELL");
  EXPECT_THAT(screen.text(), Not(HasSubstr("does not answer")));
  controller_.GoAway(true);
  screen.WaitFor("Z; the controller does not answer");
  screen.Forget();
  screen.WaitFor("WELL");
  controller_.GoAway(false);
  screen.WaitFor("\033[HWELL");
  screen.Type("\x03");
  EXPECT_EQ(screen.ExitCode(), 4);
}

// An operation with two opening remarks and a job of two nodes.
class OperationScreenTest : public ScreenTest {
 protected:
  void SetUp() override {
    controller_.MakeJob(2);
    v1::Operation& operation = controller_.operation;
    operation.set_name("operations/7");
    operation.set_state(v1::OPERATION_STATE_RUNNING);
    operation.mutable_resubscription()->set_target_count(2);
    operation.mutable_create_time()->set_seconds(1'000'000);
    for (const char* text : {"the first remark", "the second remark"}) {
      v1::Operation::Note& note = *operation.add_notes();
      *note.mutable_time() = operation.create_time();
      note.set_text(text);
    }
    AddStep(operation, "nodes restarted").set_job("jobs/7");
    *operation.mutable_job() = controller_.job;
    operation.set_created_by("alice");
    controller_.operations = {operation};
  }
  static v1::Operation::Step& AddStep(v1::Operation& operation, const std::string& title) {
    v1::Operation::Step& step = *operation.add_steps();
    step.set_title(title);
    step.set_state(v1::OPERATION_STATE_RUNNING);
    return step;
  }
  v1::JobChanges Change(v1::JobState job_state, v1::TaskState second) {
    v1::JobChanges changes = controller_.Change(job_state, {v1::TASK_STATE_FAILED, second});
    for (v1::Task& task : *changes.mutable_tasks()) {
      task.mutable_update_time()->set_seconds(1'000'010);
      task.set_detail("it is masked");
    }
    return changes;
  }
};

TEST_F(OperationScreenTest, WhatWasSoBeforeItWasWatchedIsTold) {
  controller_.operation.mutable_steps(0)->set_detail("HMNFD is not ready");
  controller_.operations = {controller_.operation};
  controller_.watches = {{{}, StreamEnd::kHang}};
  controller_.operation_watches = {{{controller_.operation}, StreamEnd::kHang}};
  Serve();
  Screen screen = OnScreen({"operation", "watch", "last"});
  screen.WaitFor("nodes restarted: running: HMNFD is not ready");
  screen.Type("\x03");
  screen.WaitFor("[g]o on");
  screen.Type("d");
  EXPECT_EQ(screen.ExitCode(), 4);
}

TEST_F(OperationScreenTest, HasWhatAJobsHasAndNothingOfItOnceItHasEnded) {
  const auto half = Change(v1::JOB_STATE_RUNNING, v1::TASK_STATE_PENDING);
  const auto end = Change(v1::JOB_STATE_FAILED, v1::TASK_STATE_SUCCEEDED);
  controller_.watches = {{{half}, StreamEnd::kHang}, {{end}, StreamEnd::kOk}};
  v1::Operation later = controller_.operation;
  *later.mutable_job() = end.job();
  later.mutable_steps(0)->set_state(v1::OPERATION_STATE_FAILED);
  AddStep(later, "other clients").set_detail("BSS is looked at");
  controller_.operation_watches = {{{controller_.operation}, StreamEnd::kHang},
                                   {{later}, StreamEnd::kHang}};
  Serve();
  Screen screen = OnScreen({"operation", "watch", "last"});
  screen.WaitFor("the first remark");
  screen.WaitFor("the second remark");
  screen.WaitFor("1 of 2 ended");
  screen.WaitFor("waiting for x1000c0s0b0n2");
  screen.WaitFor("x1000c0s0b0n1: it is masked");
  controller_.Release(2);
  screen.WaitFor("jobs/7");
  screen.WaitFor("other clients: running: BSS is looked at");
  screen.WaitFor("FAILED\033[0m     jobs/7");
  screen.Forget();
  screen.Type("\x03");
  screen.WaitFor("[g]o on");
  EXPECT_THAT(screen.text(), Not(HasSubstr("of 2 ended")));
  screen.Type("d");
  EXPECT_EQ(screen.ExitCode(), 4);
  EXPECT_THAT(screen.text(), HasSubstr("operations/7: RUNNING"));
}

TEST_F(OperationScreenTest, GivenUpItAsksNobodyAnyMore) {
  controller_.watches = {{{}, StreamEnd::kBreak}};
  controller_.operation_watches = {{{}, StreamEnd::kBreak}};
  Serve();
  controller_.GoAway(true);
  const Result result = Run(
      {"operation", "watch", "last", "--reconnect-timeout", "200ms", "--connect-timeout", "1s"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("what is known of the operation is shown"));
  EXPECT_THAT(result.err, Not(HasSubstr("list the tasks")));
}

// A reader that does not read, such as less with a long list before it.
TEST_F(ScreenTest, WhatIsPrintedCanBeEnded) {
  for (int i = 0; i < 3000; ++i)
    controller_.nodes.emplace_back().set_name("nodes/x1000c0s0b0n" + std::to_string(i));
  Serve();
  const std::string fifo = dir_ + "/out";
  std::filesystem::remove(fifo);
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const int fd = open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  fcntl(fd, F_SETPIPE_SZ, 4096);
  const pid_t pid = Start({"node", "list"});
  const auto is_full = [fd] {
    int unread = 0;
    return ioctl(fd, FIONREAD, &unread) == 0 && unread >= 4096;
  };
  EXPECT_TRUE(Until(is_full));
  kill(pid, SIGINT);
  EXPECT_EQ(StatusOf(pid), -SIGINT);
  close(fd);
  std::filesystem::remove(fifo);
}

}  // namespace
}  // namespace muster::cli
