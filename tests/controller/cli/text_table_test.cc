// Tables, wide and narrow.
#include "controller/cli/text_table.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

TextTable Jobs() {
  TextTable table({2});
  table.AddRow({"JOB", "STATE", "NODES", "BY", "CREATED"});
  table.AddRow({"jobs/7", "RUNNING", "20", "alice", "2026-11-21 08:04:11Z"});
  return table;
}

TEST(TextTable, HasAllOfItWithoutAWidth) {
  const std::string text =
      "JOB     STATE    NODES  BY     CREATED\n"
      "jobs/7  RUNNING     20  alice  2026-11-21 08:04:11Z\n";
  EXPECT_EQ(Jobs().Text(), text);
  EXPECT_EQ(Jobs().Text(51), text);
}

TEST(TextTable, LetsItsLastColumnGoOnBelowItself) {
  EXPECT_EQ(Jobs().Text(48),
            "JOB     STATE    NODES  BY     CREATED\n"
            "jobs/7  RUNNING     20  alice  2026-11-21\n"
            "                               08:04:11Z\n");
}

TEST(TextTable, LeavesOutColumnsThatDoNotFitAndSaysSo) {
  EXPECT_EQ(Jobs().Text(40),
            "JOB     STATE    NODES  BY …\n"
            "jobs/7  RUNNING     20  alice\n");
  EXPECT_EQ(Jobs().Text(20),
            "JOB     STATE …\n"
            "jobs/7  RUNNING\n");
}

TEST(TextTable, BreaksNodeSetsAfterCommasOnly) {
  TextTable table;
  table.AddRow({"nodes", "x1000c0s0b0n[0-1],x1000c0s1b0n[0-1],x1001c0s0b0n0"});
  table.AddRow({"away", "none"});
  EXPECT_EQ(table.Text(30),
            "nodes  x1000c0s0b0n[0-1],\n"
            "       x1000c0s1b0n[0-1],\n"
            "       x1001c0s0b0n0\n"
            "away   none\n");
  // A word that does not fit is not broken.
  EXPECT_EQ(table.Text(12),
            "nodes  x1000c0s0b0n[0-1],\n"
            "       x1000c0s1b0n[0-1],\n"
            "       x1001c0s0b0n0\n"
            "away   none\n");
}

TEST(TextTable, ThatIsEmptyHasNoWidth) { EXPECT_EQ(TextTable().Text(80), ""); }

}  // namespace
}  // namespace muster::cli
