// Programs that are run to their end.
#include "controller/csm/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

ChildRun Shell(const std::string& script) { return {{"/bin/sh", "-c", script}, 20s}; }

TEST(RunChild, GivesOutputErrorsAndExitCode) {
  const auto result = RunChild(Shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->output, "out\n");
  EXPECT_EQ(result->errors, "err\n");
}

TEST(RunChild, LooksInPathAndHasNoInput) {
  const auto result = RunChild({{"cat"}, 20s});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_EQ(result->output, "");
}

TEST(RunChild, ASignalIsAnExitCodeAsShellsCountThem) {
  const auto result = RunChild(Shell("kill -TERM $$"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 128 + 15);
}

TEST(RunChild, KeepsTheLastOfMuchOutput) {
  const auto result = RunChild(Shell("head -c 300000 /dev/zero; echo end"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output.size(), kMaxChildOutput);
  EXPECT_THAT(result->output, EndsWith("end\n"));
}

TEST(RunChild, AtTheDeadlineItIsKilledWithWhatItStarted) {
  ChildRun run = Shell("sleep 1000 & sleep 1000");
  run.timeout = 50ms;
  const absl::Status error = RunChild(run).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(Message(error), HasSubstr("run /bin/sh: killed"));
}

TEST(RunChild, OneThatNeverPausesHasADeadlineToo) {
  ChildRun run{{"yes"}, 50ms};
  EXPECT_EQ(RunChild(run).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(RunChild, AGrandchildThatHoldsThePipesIsNotWaitedFor) {
  const auto result = RunChild(Shell("sleep 1000 & echo $!"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 0);
  RunChild(Shell("kill " + result->output)).IgnoreError();
}

TEST(RunChild, StopKillsIt) {
  ChildRun run = Shell("sleep 1000");
  run.is_stopped = [] { return true; };
  EXPECT_EQ(RunChild(run).status().code(), absl::StatusCode::kCancelled);
}

TEST(RunChild, WhatCannotBeRunIsSaid) {
  const absl::Status error = RunChild({{"/nowhere/kubectl"}, 20s}).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Message(error), "run /nowhere/kubectl: No such file or directory");
}

TEST(RunChild, HasNoDescriptorsOfOurs) {
  const auto result = RunChild(Shell("ls /proc/self/fd | wc -l"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->output, "4\n") << "0, 1, 2, and the directory that ls reads";
}

}  // namespace
}  // namespace muster
