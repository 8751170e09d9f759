// Durations, names, addresses and unsafe text: what is typed and what is printed.
#include <gtest/gtest.h>

#include "controller/cli/connection.h"
#include "controller/cli/duration.h"
#include "controller/cli/job_view.h"
#include "controller/cli/names.h"
#include "controller/cli/printable.h"

namespace muster::cli {
namespace {

TEST(Duration, IsReadWithItsUnit) {
  EXPECT_EQ(ParseDuration("500ms").value(), 500ms);
  EXPECT_EQ(ParseDuration("30s").value(), 30s);
  EXPECT_EQ(ParseDuration("30").value(), 30s);
  EXPECT_EQ(ParseDuration("2min").value(), 2min);
  EXPECT_EQ(ParseDuration("2m").value(), 2min);
  EXPECT_EQ(ParseDuration("1.5h").value(), 90min);
  EXPECT_EQ(ParseDuration("7d").value(), 168h);
  EXPECT_EQ(ParseDuration("0.5d").value(), 12h);
  EXPECT_EQ(ParseDuration("0").value(), 0s);
}

TEST(Duration, ThatCannotBeMeantIsAnError) {
  for (const char* text : {"", "s", "-1s", "1 s", "1w", "1S", "1ss", "0w", "inf", "nan", "1e3s",
                           "9000h", "366d", "0x10", "-0"}) {
    EXPECT_EQ(ParseDuration(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(Duration, IsShownAsPeopleSayIt) {
  EXPECT_EQ(FormatDuration(350ms), "350 ms");
  EXPECT_EQ(FormatDuration(7240ms), "7.2 s");
  EXPECT_EQ(FormatDuration(5s), "5 s");
  EXPECT_EQ(FormatDuration(59'999ms), "59.9 s");
  EXPECT_EQ(FormatDuration(125s), "2 min 5 s");
  EXPECT_EQ(FormatDuration(120s), "2 min");
  EXPECT_EQ(FormatDuration(200min), "3 h 20 min");
  EXPECT_EQ(FormatDuration(std::chrono::hours(25)), "1 d 1 h");
}

TEST(Names, MayStandWithoutTheirCollection) {
  EXPECT_EQ(JobName("0193-a").value(), "jobs/0193-a");
  EXPECT_EQ(JobName("jobs/0193-a").value(), "jobs/0193-a");
  EXPECT_EQ(NodeName("nid000001-nmn").value(), "nodes/nid000001-nmn");
  EXPECT_EQ(NodeId("nodes/x1000c0s0b0n0"), "x1000c0s0b0n0");
  for (const char* text : {"", "jobs/", "jobs/1/tasks/x", "a b", "a\x1b"}) {
    EXPECT_FALSE(JobName(text).ok()) << text;
  }
}

TEST(Address, HasTheOperatorsPortUnlessGiven) {
  EXPECT_EQ(ControllerAddress("ncn-m001").value(), "ncn-m001:7421");
  EXPECT_EQ(ControllerAddress("ncn-m001:99").value(), "ncn-m001:99");
  EXPECT_EQ(ControllerAddress("10.252.0.1").value(), "10.252.0.1:7421");
  EXPECT_EQ(ControllerAddress("[fd00::1]:99").value(), "[fd00::1]:99");
  EXPECT_EQ(ControllerAddress("[fd00::1]").value(), "[fd00::1]:7421");
  EXPECT_EQ(ControllerAddress("fd00::1").value(), "[fd00::1]:7421");
  for (const char* text : {"", ":", "a:", ":99", "a:0", "a:65536", "a:b", "a,b", "dns:///a"}) {
    EXPECT_EQ(ControllerAddress(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(Printable, TakesTheTeethOutOfAnAgentsText) {
  EXPECT_EQ(Printable("plain, with ümläut … and 漢"), "plain, with ümläut … and 漢");
  EXPECT_EQ(Printable("\x1b[2Jgone\a"), "?[2Jgone?");
  EXPECT_EQ(Printable("two\nlines\tand\rmore"), "two lines and more");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");
  EXPECT_EQ(Printable("\x9b\xff\xe2\x80"), "????");
}

TEST(TaskStates, AreReadInAnyCase) {
  EXPECT_EQ(ParseTaskStates("failed,Timed-Out,timed_out,LOST").value(),
            (std::vector<v1::TaskState>{v1::TASK_STATE_FAILED, v1::TASK_STATE_TIMED_OUT,
                                        v1::TASK_STATE_TIMED_OUT, v1::TASK_STATE_LOST}));
  for (const char* text : {"", ",", "fail", "unspecified", "failed lost"}) {
    EXPECT_EQ(ParseTaskStates(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(
      Message(ParseTaskStates("broken").status()),
      "\"broken\" is no state of a task; there are pending, dispatched, running, verifying, "
      "succeeded, already-satisfied, not-applicable, failed, refused, timed-out, undelivered, "
      "lost, cancelled");
}

TEST(Backoff, StaysWithinItsLimits) {
  Backoff backoff;
  EXPECT_LE(backoff.Next(), 100ms);
  for (int i = 0; i < 1000; ++i) {
    const Duration pause = backoff.Next();
    EXPECT_GE(pause, 0s);
    EXPECT_LE(pause, 2s);
  }
}

}  // namespace
}  // namespace muster::cli
