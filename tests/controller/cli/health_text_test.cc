// What an operator reads of the fleet's health.
#include "controller/cli/health_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::HealthGroup& AddGroup(v1::Health& health, v1::ConditionKind kind, v1::ConditionState state,
                          const std::string& reason, const std::string& nodes) {
  v1::HealthGroup& group = *health.add_groups();
  group.set_kind(kind);
  group.set_state(state);
  group.set_reason(reason);
  group.set_count(2);
  group.set_nodes(nodes);
  group.set_example_node("x1");
  return group;
}

TEST(HealthText, ShowsNumbersThenWhoAndWhatToType) {
  v1::Health health;
  health.set_verdict(v1::HEALTH_VERDICT_DEGRADED);
  health.mutable_counts()->set_well(7);
  health.mutable_counts()->set_degraded(2);
  health.mutable_counts()->set_unknown(1);
  v1::ConditionCounts& counts = *health.add_conditions();
  counts.set_kind(v1::CONDITION_KIND_ORCA_ACTIVE);
  counts.set_true_count(7);
  counts.set_false_count(2);
  AddGroup(health, v1::CONDITION_KIND_ORCA_ACTIVE, v1::CONDITION_STATE_FALSE, "Failed", "x[1-2]")
      .set_message("cray-orca.service failed: exit-code");
  AddGroup(health, v1::CONDITION_KIND_AGENT_ATTACHED, v1::CONDITION_STATE_UNKNOWN, "Away", "x3");
  EXPECT_EQ(HealthText(health),
            "DEGRADED: 7 of 10 nodes well, 2 degraded, 1 unknown\n"
            "\n"
            "CONDITION   TRUE  FALSE  UNKNOWN\n"
            "OrcaActive     7      2        0\n"
            "\n"
            "CONDITION      STATE    REASON  NODES  WHO\n"
            "OrcaActive     False    Failed      2  x[1-2]\n"
            "                                       e.g. x1: cray-orca.service failed: exit-code\n"
            "AgentAttached  Unknown  Away        2  x3\n"
            "\n"
            "next: muster restart cray-orca -w x[1-2]\n");
}

TEST(HealthText, AWellFleetIsALineAndATable) {
  v1::Health health;
  health.set_verdict(v1::HEALTH_VERDICT_WELL);
  health.mutable_counts()->set_well(1);
  EXPECT_EQ(HealthText(health), "WELL: 1 of 1 node well, 0 degraded, 0 unknown\n");
}

TEST(HealthText, FitsAScreenHoweverMuchThereIs) {
  v1::Health health;
  for (int i = 0; i < 50; ++i) {
    AddGroup(health, v1::CONDITION_KIND_SUBSCRIBED, v1::CONDITION_STATE_FALSE, "R",
             std::string(100'000, 'x'));
    v1::HealthPart& part = *health.add_parts();
    part.set_name("x10" + std::to_string(i));
    part.mutable_counts()->set_degraded(static_cast<uint32_t>(i));
  }
  const std::string text = HealthText(health);
  EXPECT_LT(text.size(), 4000u);
  EXPECT_THAT(text, HasSubstr("x1049     0        49"));
  EXPECT_THAT(text, Not(HasSubstr("x1010 ")));
  EXPECT_THAT(text, HasSubstr("and 38 more, none of them worse\n"));
  EXPECT_THAT(text, HasSubstr("and 40 more groups (-o json)\n"));
  EXPECT_THAT(text, HasSubstr("next: muster resubscribe --all --only-missing\n"));
}

TEST(HealthText, TellsWhyThereIsNoListOfHmnfds) {
  v1::Health health;
  health.set_subscriptions_problem("GET …: HTTP 503");
  EXPECT_THAT(HealthText(health), HasSubstr("HMNFD's list is not known: GET"));
}

TEST(ConditionName, IsAsKubernetesWritesIt) {
  EXPECT_EQ(ConditionName(v1::CONDITION_KIND_AGENT_ATTACHED), "AgentAttached");
  EXPECT_EQ(ConditionName(static_cast<v1::ConditionKind>(99)), "Condition99");
}

}  // namespace
}  // namespace muster::cli
