// What is true of a node.
#include "controller/fleet/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/version.h"

namespace muster {
namespace {

using testing::HasSubstr;

const Time kNow(1000s);

class ConditionsTest : public testing::Test {
 protected:
  ConditionsTest() {
    node_.xname = "x1";
    node_.presence = Presence::kAttached;
    node_.in_hsm = true;
    node_.state = "Ready";
    node_.hello.agent_version = kVersion;
    node_.hello.status.units = {Orca("active", "running")};
    node_.status_time = kNow - 5s;
  }
  std::vector<Condition> All() const { return ConditionsOf(node_, is_subscribed_, kNow); }
  // "True Active"; empty if nothing is said.
  std::string Of(ConditionKind kind) const {
    for (const Condition& condition : All()) {
      if (condition.kind != kind) continue;
      const char* truth = condition.truth == Truth::kTrue    ? "True "
                          : condition.truth == Truth::kFalse ? "False "
                                                             : "Unknown ";
      return truth + condition.reason;
    }
    return "";
  }
  std::string Orca() const { return Of(ConditionKind::kOrcaActive); }
  static UnitState Orca(const std::string& active, const std::string& sub) {
    UnitState unit;
    unit.unit = "cray-orca.service";
    unit.load_state = "loaded";
    unit.active_state = active;
    unit.sub_state = sub;
    unit.result = "success";
    if (active == "active") unit.active_age = 10min;
    return unit;
  }
  UnitState& unit() { return node_.hello.status.units[0]; }

  NodeInfo node_;
  IfSubscribed is_subscribed_;
};

TEST_F(ConditionsTest, AWellNodeIsWell) {
  is_subscribed_ = true;
  EXPECT_EQ(Of(ConditionKind::kAgentAttached), "True Attached");
  EXPECT_EQ(Orca(), "True Active");
  EXPECT_EQ(Of(ConditionKind::kSubscribed), "True Subscribed");
  EXPECT_EQ(Of(ConditionKind::kContentMounted), "") << "it has none";
  EXPECT_EQ(Of(ConditionKind::kSpireHealthy), "") << "it has none";
  EXPECT_EQ(VerdictOn(All()), Verdict::kWell);
  EXPECT_EQ(All()[1].since, kNow - 10min - 5s);
}

TEST_F(ConditionsTest, WhoMustBeThereAndIsNotIsDegraded) {
  node_.presence = Presence::kAway;
  EXPECT_EQ(Of(ConditionKind::kAgentAttached), "False Away");
  EXPECT_EQ(Orca(), "Unknown AgentAway");
  EXPECT_EQ(VerdictOn(All()), Verdict::kDegraded);
  node_.state = "Off";
  EXPECT_EQ(Of(ConditionKind::kAgentAttached), "Unknown Away");
  EXPECT_EQ(VerdictOn(All()), Verdict::kUnknown);
  node_.state = "Ready";
  node_.presence = Presence::kNeverSeen;
  EXPECT_EQ(Of(ConditionKind::kAgentAttached), "False NeverSeen");
  node_.in_hsm = false;
  EXPECT_EQ(Of(ConditionKind::kAgentAttached), "Unknown NeverSeen");
  node_.presence = Presence::kAway;
  EXPECT_EQ(Of(ConditionKind::kAgentAttached), "False Away") << "nobody says that it may be";
}

TEST_F(ConditionsTest, AUnitIsToldAsWhatItDoes) {
  unit() = Orca("failed", "failed");
  unit().result = "exit-code";
  EXPECT_EQ(Orca(), "False Failed");
  EXPECT_THAT(All()[1].message, HasSubstr("cray-orca.service failed: exit-code"));
  unit() = Orca("inactive", "dead");
  EXPECT_EQ(Orca(), "False Stopped");
  unit() = Orca("activating", "start");
  EXPECT_EQ(Orca(), "Unknown Starting");
  unit() = Orca("activating", "auto-restart");
  EXPECT_EQ(Orca(), "False CrashLoop");
  unit().load_state = "masked";
  EXPECT_EQ(Orca(), "False NotLoaded");
}

TEST_F(ConditionsTest, AUnitThatIsStartedAgainAndAgainIsLoopingEvenWhileItRuns) {
  unit().restarts = 7;
  EXPECT_EQ(Orca(), "True Active") << "that was long ago";
  unit().active_age = 2s;
  EXPECT_EQ(Orca(), "False CrashLoop");
  EXPECT_THAT(All()[1].message, HasSubstr("7 times"));
  node_.status_time = kNow - 5min;
  EXPECT_EQ(Orca(), "True Active") << "it heals by itself: nothing was told since";
}

TEST_F(ConditionsTest, UnitsThatASiteNamesAreJudgedTogether) {
  EXPECT_EQ(Of(ConditionKind::kUnitsActive), "") << "it names none";
  for (const char* name : {"a.service", "b.service", "c.service"}) {
    UnitState other = Orca("active", "running");
    other.unit = name;
    node_.hello.status.units.push_back(other);
  }
  EXPECT_EQ(Of(ConditionKind::kUnitsActive), "True Active");
  node_.hello.status.units[1].active_state = "activating";
  EXPECT_EQ(Of(ConditionKind::kUnitsActive), "Unknown Starting");
  node_.hello.status.units[3].active_state = "failed";
  EXPECT_EQ(Of(ConditionKind::kUnitsActive), "False Failed");
  EXPECT_THAT(All().back().message, HasSubstr("c.service failed"));
  node_.hello.status.units[3].load_state = "not-found";
  EXPECT_EQ(Of(ConditionKind::kUnitsActive), "Unknown Starting") << "this node does not have it";
  node_.presence = Presence::kAway;
  EXPECT_EQ(Of(ConditionKind::kUnitsActive), "Unknown AgentAway");
}

TEST_F(ConditionsTest, AClockThatIsOffIsTold) {
  EXPECT_EQ(Of(ConditionKind::kClockSynced), "");
  node_.clock_ahead = -11s;
  EXPECT_EQ(Of(ConditionKind::kClockSynced), "False ClockOff");
  EXPECT_THAT(All().back().message, HasSubstr("11 s behind the controller's"));
  node_.clock_ahead = 10s;
  EXPECT_EQ(Of(ConditionKind::kClockSynced), "");
}

TEST_F(ConditionsTest, AUnitThatHasGivenUpOrWasStoppedLoopsNoMore) {
  unit() = Orca("failed", "failed");
  unit().restarts = 5;
  EXPECT_EQ(Orca(), "False Failed");
  unit() = Orca("inactive", "dead");
  unit().restarts = 5;
  EXPECT_EQ(Orca(), "False Stopped");
  unit() = Orca("activating", "start");
  unit().restarts = 5;
  EXPECT_EQ(Orca(), "False CrashLoop");
}

TEST_F(ConditionsTest, OfTwoNamesTheOneThatIsThereCounts) {
  UnitState masked = Orca("inactive", "dead");
  masked.load_state = "masked";
  UnitState other = Orca("active", "running");
  other.unit = "cray-dvs-orca.service";
  node_.hello.status.units = {masked, other};
  EXPECT_EQ(Orca(), "True Active");
}

TEST_F(ConditionsTest, WhoIsNotInHmnfdsListIsNotSubscribed) {
  EXPECT_EQ(Of(ConditionKind::kSubscribed), "") << "the list is not known";
  is_subscribed_ = false;
  EXPECT_EQ(Of(ConditionKind::kSubscribed), "False NotSubscribed");
  node_.presence = Presence::kAway;
  EXPECT_EQ(Of(ConditionKind::kSubscribed), "Unknown AgentAway");
  node_.hello.status.units.clear();
  EXPECT_EQ(Of(ConditionKind::kSubscribed), "") << "a node without ORCA needs no subscription";
}

TEST_F(ConditionsTest, ContentThatIsGoneIsTold) {
  node_.hello.status.mounted = {{"s", "t", "dvs"}};
  node_.had_content = true;
  EXPECT_EQ(Of(ConditionKind::kContentMounted), "True Mounted");
  node_.hello.status.mounted.clear();
  EXPECT_EQ(Of(ConditionKind::kContentMounted), "False Gone");
}

TEST_F(ConditionsTest, OfAnAgentThatDoesNotTellChangesNothingIsSaidButWhatIsKnown) {
  node_.hello.protocol_version = kTellsChanges - 1;
  UnitState other = Orca("failed", "failed");
  other.unit = "a.service";
  node_.hello.status.units.push_back(other);
  node_.hello.status.mounted = {{"s", "t", "dvs"}};
  is_subscribed_ = true;
  EXPECT_EQ(Of(ConditionKind::kAgentAttached), "True Attached");
  EXPECT_EQ(Of(ConditionKind::kSubscribed), "True Subscribed") << "that HMNFD says";
  EXPECT_EQ(Orca(), "Unknown OldAgent");
  EXPECT_THAT(All()[1].message, HasSubstr("cray-orca.service was active when it was looked at"));
  EXPECT_EQ(Of(ConditionKind::kContentMounted), "Unknown OldAgent");
  EXPECT_EQ(Of(ConditionKind::kUnitsActive), "Unknown OldAgent");
  EXPECT_EQ(Of(ConditionKind::kAgentCurrent), "Unknown OldAgent") << "of whatever version it is";
  EXPECT_EQ(VerdictOn(All()), Verdict::kUnknown);
  node_.presence = Presence::kAway;
  EXPECT_EQ(Orca(), "Unknown AgentAway");
  EXPECT_EQ(Of(ConditionKind::kAgentCurrent), "");
}

TEST_F(ConditionsTest, AnotherVersionIsToldAndIsNoFault) {
  node_.hello.agent_version = "0.0.1";
  EXPECT_EQ(Of(ConditionKind::kAgentCurrent), "Unknown OtherVersion");
  EXPECT_EQ(VerdictOn(All()), Verdict::kWell);
  node_.in_conflict = true;
  node_.presence = Presence::kConflict;
  EXPECT_EQ(Of(ConditionKind::kAgentAttached), "False Conflict");
}

}  // namespace
}  // namespace muster
