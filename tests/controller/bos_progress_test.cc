// A session of BOS is judged by its nodes.
#include "controller/bos_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const BosSession kSession{"s1", false, "compute", {"x1", "x2", "x3"}};

BosComponent Component(const std::string& xname, bool is_enabled, const std::string& status,
                       const std::string& phase = "", const std::string& session = "s1") {
  BosComponent component;
  component.xname = xname;
  component.session = session;
  component.is_enabled = is_enabled;
  component.status = status;
  component.phase = phase;
  return component;
}

TEST(BosProgress, IsDoneWhenBosIsDoneWithEachNode) {
  const BosProgress progress =
      Judge(kSession, {"complete", ""},
            {Component("x1", false, "stable"), Component("x2", false, "stable"),
             Component("x3", false, "stable")});
  EXPECT_TRUE(progress.is_complete);
  EXPECT_EQ(progress.done, 3u);
  EXPECT_THAT(progress.failed, IsEmpty());
}

TEST(BosProgress, TellsWhatIsUnderWay) {
  const BosProgress progress =
      Judge(kSession, {"running", ""},
            {Component("x1", true, "power_off_gracefully_called", "powering_off"),
             Component("x2", true, "on_hold"), Component("x3", false, "stable", "", "before")});
  EXPECT_FALSE(progress.is_complete);
  EXPECT_EQ(progress.done, 0u);
  EXPECT_THAT(progress.open,
              ElementsAre(Pair("not begun", 1), Pair("on hold", 1), Pair("powering off", 1)));
}

TEST(BosProgress, CompleteIsNotSuccess) {
  BosComponent failed = Component("x1", false, "failed", "powering_off");
  failed.error = "the BMC says no";
  const BosProgress progress =
      Judge(kSession, {"complete", ""}, {failed, Component("x2", false, "stable", "", "newer")});
  EXPECT_EQ(progress.done, 0u);
  EXPECT_THAT(progress.failed,
              ElementsAre(Pair("x1", "the BMC says no"),
                          Pair("x2",
                               "it is not in the session: HSM has it disabled, or it is not "
                               "in template compute, or session newer has taken it over"),
                          Pair("x3", "BOS does not know it")));
}

TEST(BosProgress, OneThatStaysBehindHasFailed) {
  const BosProgress progress =
      Judge(kSession, {"complete", "No nodes were found"},
            {Component("x1", false, "on_hold"), Component("x2", false, "", "", ""),
             Component("x3", true, "on_hold")});
  EXPECT_THAT(progress.failed,
              ElementsAre(Pair("x1", "BOS left it on hold"), Pair("x2", "No nodes were found")));
  EXPECT_THAT(progress.open, ElementsAre(Pair("on hold", 1)));
}

}  // namespace
}  // namespace muster
