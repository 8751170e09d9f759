// What a line of the log can be found by in the journal.
#include "common/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Journal, ALinesIdsAreFields) {
  EXPECT_THAT(JournalFields("task changed job=01a2 node=x1000c0s0b0n0 attempt=1 state=FAILED"),
              ElementsAre("MUSTER_JOB=01a2", "MUSTER_NODE=x1000c0s0b0n0", "MUSTER_ATTEMPT=1"));
  EXPECT_THAT(JournalFields("restarting task=jobs/01a2/tasks/x1 attempt=2 unit=cray-orca.service"),
              ElementsAre("MUSTER_JOB=01a2", "MUSTER_NODE=x1", "MUSTER_ATTEMPT=2",
                          "MUSTER_UNIT=cray-orca.service"));
}

TEST(Journal, WhatIsQuotedAndWhatFollowsIsNoField) {
  EXPECT_THAT(JournalFields("job changed job=01a2 detail=\"x\" node=x1 job=other\""),
              ElementsAre("MUSTER_JOB=01a2"));
  EXPECT_THAT(JournalFields("detail=\"node=x1"), IsEmpty());
}

TEST(Journal, OtherTextHasNone) {
  EXPECT_THAT(JournalFields(""), IsEmpty());
  EXPECT_THAT(JournalFields("stopping"), IsEmpty());
  EXPECT_THAT(JournalFields("="), IsEmpty());
  EXPECT_THAT(JournalFields("nodes=5 task=nothing"), IsEmpty());
  EXPECT_THAT(JournalFields("node="), ElementsAre("MUSTER_NODE="));
}

}  // namespace
}  // namespace muster
