// The report as a terminal shows it: it fits, and says what to type next.
#include "controller/cli/screen_report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

JobView SomeFailed(int nodes) {
  JobView view;
  view.job.set_name("jobs/7");
  view.job.set_state(v1::JOB_STATE_FAILED);
  view.job.set_task_count(nodes);
  view.job.mutable_work()->mutable_restart_unit()->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
  for (int i = 0; i < nodes; ++i) {
    v1::Task task;
    task.set_node(fmt::format("x{}c0s{}b0n0", 1000 + i * i, i % 7));
    task.set_attempt(1);
    task.set_state(i % 4 == 0 ? v1::TASK_STATE_FAILED : v1::TASK_STATE_SUCCEEDED);
    if (i % 4 == 0) {
      task.set_reason(v1::REASON_UNIT_MASKED);
      task.set_detail("cray-orca.service is masked on this node (`systemctl unmask` undoes that)");
    }
    view.Apply(task);
  }
  return view;
}

std::vector<std::string> Texts(const JobView& view, size_t columns) {
  std::vector<std::string> texts;
  for (const ScreenLine& line : ScreenReport(view, columns)) texts.push_back(PlainText(line));
  return texts;
}

TEST(ScreenReport, IsTheReportWithTheNextCommandOnAWideScreen) {
  EXPECT_THAT(
      Texts(SomeFailed(4), 120),
      ElementsAre("FAILED     UNIT_MASKED  1  x1000c0s0b0n0",
                  "                           cray-orca.service is masked on this node (`systemctl "
                  "unmask` undoes that)",
                  "SUCCEEDED               3  x1001c0s1b0n0,x1004c0s2b0n0,x1009c0s3b0n0",
                  "jobs/7: FAILED: 3 of 4 succeeded, 1 failed",
                  "next: muster job retry jobs/7 --state failed"));
}

TEST(ScreenReport, BreaksSetsAfterCommasAndSentencesAfterBlanks) {
  EXPECT_THAT(Texts(SomeFailed(4), 64),
              ElementsAre("FAILED     UNIT_MASKED  1  x1000c0s0b0n0",
                          "                           cray-orca.service is masked on this",
                          "                           node (`systemctl unmask` undoes that)",
                          "SUCCEEDED               3  x1001c0s1b0n0,x1004c0s2b0n0,",
                          "                           x1009c0s3b0n0",
                          "jobs/7: FAILED: 3 of 4 succeeded, 1 failed",
                          "next: muster job retry jobs/7 --state failed"));
}

TEST(ScreenReport, OnANarrowScreenSetsStandBelow) {
  EXPECT_THAT(Texts(SomeFailed(4), 28),
              ElementsAre("FAILED 1 UNIT_MASKED", "  x1000c0s0b0n0", "    cray-orca.service is",
                          "    masked on this node", "    (`systemctl unmask` und…", "SUCCEEDED 3",
                          "  x1001c0s1b0n0,", "  x1004c0s2b0n0,", "  x1009c0s3b0n0",
                          "jobs/7: FAILED: 3 of 4", "succeeded, 1 failed",
                          "what ends in … is whole in", "`muster job show jobs/7 |", "cat`",
                          "next: muster job retry", "jobs/7 --state failed"));
}

TEST(ScreenReport, LongSetsAreCutAndItSaysWhereTheyAreWhole) {
  const std::vector<std::string> texts = Texts(SomeFailed(200), 100);
  EXPECT_LT(texts.size(), 14u);
  EXPECT_THAT(texts, Contains("what ends in … is whole in `muster job show jobs/7 | cat`"));
  for (size_t columns = 20; columns < 140; ++columns)
    for (const std::string& text : Texts(SomeFailed(200), columns))
      EXPECT_LE(Columns(text), columns) << text;
}

TEST(ScreenReport, StatesHaveTheirColours) {
  const std::vector<ScreenLine> lines = ScreenReport(SomeFailed(4), 120);
  EXPECT_THAT(lines[0], Contains(Span{"FAILED", Tone::kBad}));
  EXPECT_THAT(lines[3], Contains(Span{"FAILED", Tone::kBad}));
}

TEST(ScreenReport, TheNextCommandIsOneThatHelps) {
  JobView view = SomeFailed(8);
  view.tasks.begin()->second.set_state(v1::TASK_STATE_LOST);
  EXPECT_EQ(NextCommand(view), "muster job retry jobs/7 --state failed,lost");
  view.job.set_operation("operations/1");
  EXPECT_EQ(NextCommand(view), "muster resubscribe --from-job jobs/7 --state failed,lost");
  for (auto& [node, task] : view.tasks) task.set_state(v1::TASK_STATE_REFUSED);
  EXPECT_EQ(NextCommand(view), "") << "it would be refused again";
  view = SomeFailed(8);
  view.job.set_state(v1::JOB_STATE_RUNNING);
  EXPECT_EQ(NextCommand(view), "");
  view.job.set_state(v1::JOB_STATE_FAILED);
  view.job.mutable_work()->clear_restart_unit();
  EXPECT_EQ(NextCommand(view), "");
}

}  // namespace
}  // namespace muster::cli
