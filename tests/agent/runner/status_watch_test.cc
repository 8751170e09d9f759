// When a node's status goes up again.
#include "agent/runner/status_watch.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

constexpr bool kAtWork = true;
using Look = StatusWatch::Look;

NodeStatus StatusOf(const std::string& active_state, const std::string& invocation = "1") {
  NodeStatus status;
  status.node = "x1";
  UnitState unit;
  unit.unit = "cray-orca.service";
  unit.active_state = active_state;
  unit.invocation_id = invocation;
  status.units = {unit};
  return status;
}

TEST(StatusWatch, AChangeIsWaitedAfterForOthers) {
  StatusWatch watch;
  EXPECT_FALSE(watch.deadline(!kAtWork));
  watch.OnUnitsChanged(Time(10s));
  watch.OnUnitsChanged(Time(10s + 50ms));
  EXPECT_EQ(watch.deadline(!kAtWork), Time(10s) + kStatusMerge);
  EXPECT_EQ(watch.TakeDue(Time(10s), !kAtWork), Look::kNothing);
  EXPECT_EQ(watch.TakeDue(Time(10s) + kStatusMerge, !kAtWork), Look::kUnits);
  EXPECT_EQ(watch.TakeDue(Time(11s), !kAtWork), Look::kNothing) << "once";
}

TEST(StatusWatch, OneThatFlapsIsLookedAtLessAndLessOften) {
  StatusWatch watch;
  int looks = 0;
  Time now(10s);
  for (; now < Time(70s); now += 10ms) {
    watch.OnUnitsChanged(now);
    if (watch.TakeDue(now, !kAtWork) != Look::kNothing) ++looks;
  }
  // At first twice a second, in the end each five seconds.
  EXPECT_GE(looks, 12);
  EXPECT_LE(looks, 18);
  EXPECT_EQ(watch.TakeDue(now + kLongestStatusInterval, !kAtWork), Look::kUnits)
      << "what was left of it";
  // After a quiet time the first change is told at once again.
  now += kLongestStatusInterval + kStatusQuiet;
  watch.OnUnitsChanged(now);
  EXPECT_EQ(watch.deadline(!kAtWork), now + kStatusMerge);
}

TEST(StatusWatch, WhileItIsAtWorkItWaitsForTheOutcome) {
  StatusWatch watch;
  watch.OnUnitsChanged(Time(10s));
  EXPECT_EQ(watch.TakeDue(Time(11s), kAtWork), Look::kNothing);
  EXPECT_EQ(watch.deadline(kAtWork), Time(10s) + kStatusMerge + kStatusAtWork);
  EXPECT_EQ(watch.TakeDue(Time(11s), !kAtWork), Look::kUnits) << "it is not any more";
}

TEST(StatusWatch, ForMountsSystemdIsNotAsked) {
  StatusWatch watch;
  watch.OnMountsChanged(Time(10s));
  EXPECT_EQ(watch.TakeDue(Time(11s), !kAtWork), Look::kMounts);
  watch.OnMountsChanged(Time(12s));
  watch.OnUnitsChanged(Time(12s));
  EXPECT_EQ(watch.TakeDue(Time(13s), !kAtWork), Look::kUnits);
}

TEST(StatusWatch, NewsIsWhatWasNotToldYet) {
  StatusWatch watch;
  watch.OnTold(StatusOf("active"));
  NodeStatus later = StatusOf("active");
  later.boot_age = 1h;
  later.units[0].active_age = 1h;
  later.units[0].job_id = 7;
  EXPECT_FALSE(watch.IsNews(later)) << "only ages and jobs are others";
  EXPECT_TRUE(watch.IsNews(StatusOf("failed")));
  EXPECT_TRUE(watch.IsNews(StatusOf("active", "2")));
  later.mounted = {{"/var/lib/cps-local/1", "/opt/pe", "dvs"}};
  EXPECT_TRUE(watch.IsNews(later));
  watch.OnTold(later);
  EXPECT_FALSE(watch.IsNews(later));
  EXPECT_TRUE(watch.IsNews(StatusOf("active"))) << "what was mounted is gone";
  watch.OnTold(StatusOf("active", "3").units[0]);
  NodeStatus by_outcome = StatusOf("active", "3");
  by_outcome.mounted = later.mounted;
  EXPECT_FALSE(watch.IsNews(by_outcome)) << "an outcome has told it";
}

}  // namespace
}  // namespace muster
