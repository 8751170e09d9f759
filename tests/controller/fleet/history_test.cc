// What becomes an event of the fleet, and what does not.
#include "controller/fleet/history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Time kBegin(1'000'000s);

class HistoryTest : public testing::Test {
 protected:
  static Condition Attached(const std::string& boot = "boot1") {
    return {ConditionKind::kAgentAttached, Truth::kTrue, "Attached", "", std::nullopt, boot};
  }
  static Condition Away() {
    return {ConditionKind::kAgentAttached, Truth::kFalse, "Away", "HSM says Ready"};
  }
  static Condition Orca(Truth truth, const std::string& reason, const std::string& mark = "i1") {
    return {ConditionKind::kOrcaActive, truth, reason, "", std::nullopt, mark};
  }
  void Note(const std::string& node, const std::vector<Condition>& conditions) {
    history_.Note(now_, node, conditions);
  }
  // A node that is as it should be, and nobody's news.
  void KnowWell(const std::string& node) {
    Note(node, {Attached(), Orca(Truth::kTrue, "Active")});
    Take();
  }
  // "OrcaActive False Failed x1" of each event that is new or has changed; and all conditions are kept for the next life.
  std::vector<std::string> Take() {
    const HistoryBatch batch = history_.TakeBatch();
    std::vector<std::string> events;
    for (const HistoryBatch::Change& change : batch.events) {
      const HealthEvent& event = change.event;
      const char* truth = event.truth == Truth::kTrue    ? "True"
                          : event.truth == Truth::kFalse ? "False"
                                                         : "Unknown";
      events.push_back(
          fmt::format("{} {} {} {}", Name(event.kind), truth, event.reason, event.nodes));
    }
    for (const RecordedCondition& condition : batch.conditions) {
      RecordedCondition& stored = stored_[{condition.node, condition.kind}];
      const std::string mark = condition.mark.empty() ? stored.mark : condition.mark;
      stored = condition;
      stored.mark = mark;
    }
    return events;
  }
  // The controller is started again.
  void Restart() {
    StoredHistory stored;
    for (const auto& [key, condition] : stored_)
      if (condition.truth != Truth::kUnspecified) stored.conditions.push_back(condition);
    stored.last_number = 7;
    history_ = FleetHistory(std::move(stored));
  }

  Time now_ = kBegin;
  FleetHistory history_{{}};
  std::map<std::pair<std::string, ConditionKind>, RecordedCondition> stored_;
  std::string last_;
};

TEST_F(HistoryTest, ThatANodeIsThereIsNewsAndThatItIsWellIsNot) {
  Note("x1", {Attached(), Orca(Truth::kTrue, "Active")});
  EXPECT_THAT(Take(), ElementsAre("AgentAttached True Attached x1"));
  Note("x1", {Attached(), Orca(Truth::kTrue, "Active")});
  EXPECT_THAT(Take(), IsEmpty());
  Note("x2", {Attached(), Orca(Truth::kFalse, "Failed")});
  EXPECT_THAT(Take(),
              ElementsAre("AgentAttached True Attached x[1-2]", "OrcaActive False Failed x2"));
}

TEST_F(HistoryTest, ALostCabinetIsOneEvent) {
  for (int i = 0; i < 256; ++i) KnowWell(fmt::format("x1000c0s0b0n{}", i));
  now_ += 1h;
  for (int i = 0; i < 256; ++i) {
    now_ += 500ms;  // as their PINGs come due
    Note(fmt::format("x1000c0s0b0n{}", i), {Away(), Orca(Truth::kUnknown, kAgentAway)});
    if (i == 100) Take();
  }
  EXPECT_THAT(Take(), ElementsAre("AgentAttached False Away x1000c0s0b0n[0-255]"));
  EXPECT_EQ((history_.counts().at({ConditionKind::kAgentAttached, Truth::kFalse})), 1u);
}

TEST_F(HistoryTest, EachNodeIsStoredOnceAsAPartOfItsEvent) {
  KnowWell("x1");
  KnowWell("x2");
  now_ += 1h;
  Note("x1", {Away()});
  HistoryBatch batch = history_.TakeBatch();
  ASSERT_EQ(batch.events.size(), 1u);
  EXPECT_THAT(batch.events[0].joined, ElementsAre("x1"));
  Note("x2", {Away()});
  const int64_t number = batch.events[0].event.number;
  batch = history_.TakeBatch();
  ASSERT_EQ(batch.events.size(), 1u);
  EXPECT_EQ(batch.events[0].event.number, number);
  EXPECT_EQ(batch.events[0].event.count, 2u);
  EXPECT_EQ(batch.events[0].event.message, "HSM says Ready");
  EXPECT_THAT(batch.events[0].joined, ElementsAre("x2"));
  EXPECT_TRUE(history_.TakeBatch().empty());
}

TEST_F(HistoryTest, WhatHappensLaterIsAnotherEvent) {
  KnowWell("x1");
  KnowWell("x2");
  now_ += 1h;
  Note("x1", {Away()});
  now_ += FleetHistory::kJoin + 1s;
  Note("x2", {Away()});
  EXPECT_THAT(Take(), ElementsAre("AgentAttached False Away x1", "AgentAttached False Away x2"));
}

TEST_F(HistoryTest, AnEventIsNotOpenForEver) {
  for (int i = 0; i < 20; ++i) KnowWell(fmt::format("x{}", i));
  now_ += 1h;
  for (int i = 0; i < 20; ++i, now_ += 20s) Note(fmt::format("x{}", i), {Away()});
  EXPECT_THAT(Take(),
              ElementsAre("AgentAttached False Away x[0-9]", "AgentAttached False Away x[10-19]"));
}

TEST_F(HistoryTest, WhatAnAwayNodeDoesIsNotKnownAndNoNews) {
  KnowWell("x1");
  now_ += 1h;
  Note("x1", {Away(), Orca(Truth::kUnknown, kAgentAway)});
  EXPECT_THAT(Take(), ElementsAre("AgentAttached False Away x1"));
  now_ += 1h;
  Note("x1", {Attached(), Orca(Truth::kUnknown, "Starting")});
  EXPECT_THAT(Take(), ElementsAre("AgentAttached True Attached x1"));
  Note("x1", {Attached(), Orca(Truth::kTrue, "Active")});
  EXPECT_THAT(Take(), IsEmpty()) << "as it was before";
}

TEST_F(HistoryTest, ABootAndARestartAreToldThoughNothingWasSeenToFail) {
  KnowWell("x1");
  now_ += 1h;
  Note("x1", {Attached("boot2"), Orca(Truth::kTrue, "Active", "i2")});
  EXPECT_THAT(Take(), ElementsAre("AgentAttached True Booted x1", "OrcaActive True Restarted x1"));
  Condition restarted = Orca(Truth::kTrue, "Active", "i3");
  restarted.is_by_job = true;
  Note("x1", {Attached("boot2"), restarted});
  EXPECT_THAT(Take(), IsEmpty()) << "its job tells";
  Note("x1", {Attached("boot2"), Orca(Truth::kTrue, "Active", "i3")});
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(HistoryTest, AUnitThatWasSeenToStopIsStartedAndNotRestarted) {
  KnowWell("x1");
  now_ += 1h;
  Note("x1", {Attached(), Orca(Truth::kFalse, "Stopped", "")});
  Take();
  Note("x1", {Attached(), Orca(Truth::kTrue, "Active", "i2")});
  EXPECT_THAT(Take(), ElementsAre("OrcaActive True Active x1"));
}

TEST_F(HistoryTest, ANodeThatCameBackFromABootIsToldAsBooted) {
  KnowWell("x1");
  now_ += 1h;
  Note("x1", {Away()});
  Take();
  now_ += 1h;
  Note("x1", {Attached("boot2")});
  EXPECT_THAT(Take(), ElementsAre("AgentAttached True Booted x1"));
}

TEST_F(HistoryTest, ARestartOfTheControllerIsNoEvent) {
  KnowWell("x1");
  now_ += 1h;
  Note("x2", {Attached(), Orca(Truth::kFalse, "Failed")});
  Take();
  Restart();
  now_ += 10min;
  Note("x1", {Attached(), Orca(Truth::kTrue, "Active")});
  Note("x2", {Attached(), Orca(Truth::kFalse, "Failed")});
  EXPECT_THAT(Take(), IsEmpty());
  Note("x2", {Attached(), Orca(Truth::kTrue, "Active")});
  const HistoryBatch batch = history_.TakeBatch();
  ASSERT_EQ(batch.events.size(), 1u);
  EXPECT_EQ(batch.events[0].event.number, 8) << "after the last one that is stored";
}

TEST_F(HistoryTest, ABootIsToldThoughTheControllerWasStartedAgainMeanwhile) {
  KnowWell("x1");
  now_ += 1h;
  Note("x1", {Away()});
  Take();
  Restart();
  now_ += 1h;
  Note("x1", {Attached("boot2")});
  EXPECT_THAT(Take(), ElementsAre("AgentAttached True Booted x1"));
}

TEST_F(HistoryTest, ARestartByAJobIsNoEventOfTheNextLifeEither) {
  KnowWell("x1");
  Restart();
  now_ += 1h;
  // Its job has told of it, and nobody else.
  Note("x1", {Attached(), Orca(Truth::kTrue, "Active", "i2")});
  EXPECT_THAT(Take(), IsEmpty());
  Note("x1", {Attached(), Orca(Truth::kTrue, "Active", "i3")});
  EXPECT_THAT(Take(), ElementsAre("OrcaActive True Restarted x1"));
}

TEST_F(HistoryTest, AUnitThatIsNotToldOfAnyMoreIsFailedNoMore) {
  KnowWell("x1");
  now_ += 1h;
  Note("x1", {Attached(), Orca(Truth::kFalse, "Failed")});
  Take();
  Note("x1", {Attached()});
  EXPECT_THAT(Take(), ElementsAre("OrcaActive Unknown NotTold x1"));
  Note("x1", {Attached()});
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(HistoryTest, WhatCouldNotBeWrittenComesAgain) {
  KnowWell("x1");
  now_ += 1h;
  Note("x1", {Away()});
  HistoryBatch lost = history_.TakeBatch();
  const std::vector<RecordedCondition> conditions = lost.conditions;
  history_.GiveBack(std::move(lost));
  EXPECT_TRUE(history_.has_batch());
  Note("x2", {Away()});
  const HistoryBatch batch = history_.TakeBatch();
  ASSERT_EQ(batch.events.size(), 2u);
  EXPECT_THAT(batch.events[0].joined, ElementsAre("x1"));
  EXPECT_THAT(batch.events[1].joined, ElementsAre("x2"));
  EXPECT_EQ(batch.events[1].event.count, 2u);
  ASSERT_EQ(batch.conditions.size(), 2u);
  EXPECT_EQ(batch.conditions[0], conditions[0]);
}

TEST_F(HistoryTest, WhatFlapsIsToldAsItIsAtTheEndOfALife) {
  KnowWell("x1");
  now_ += 1h;
  for (int i = 0; i < 9; ++i)
    Note("x1",
         {Attached(), i % 2 == 0 ? Orca(Truth::kFalse, "Failed") : Orca(Truth::kTrue, "Active")});
  Take();
  history_.ReleaseAll(now_);
  EXPECT_THAT(Take(), ElementsAre("OrcaActive False Failed x1"));
}

TEST_F(HistoryTest, OneNodesFlapIsDamped) {
  KnowWell("x1");
  now_ += 1h;
  size_t events = 0;
  for (int i = 0; i < 1000; ++i) {
    now_ += 1s;
    const bool is_up = i % 2 == 1;
    Note("x1", {Attached(), Orca(is_up ? Truth::kTrue : Truth::kFalse, is_up ? "Active" : "Failed",
                                 fmt::format("i{}", i))});
    events += Take().size();
  }
  EXPECT_LT(events, 10u);
  EXPECT_GT(events, 1u);
  // Quiet now, and told as it is.
  now_ = history_.NextDue();
  for (int i = 0; i < 20 && now_ < Time::max(); ++i, now_ = history_.NextDue()) {
    history_.Advance(now_);
    for (const std::string& event : Take()) last_ = event;
  }
  EXPECT_EQ(last_, "OrcaActive True Active x1");
}

TEST_F(HistoryTest, WhatIsToldOnlyWhileItIsBadIsToldWhenItIsOver) {
  KnowWell("x1");
  now_ += 1h;
  Note("x1", {Attached(), {ConditionKind::kClockSynced, Truth::kFalse, "ClockOff", ""}});
  EXPECT_THAT(Take(), ElementsAre("ClockSynced False ClockOff x1"));
  Note("x1", {Away()});
  EXPECT_THAT(Take(), ElementsAre("AgentAttached False Away x1"));
  now_ += 1h;
  Note("x1", {Attached()});
  EXPECT_THAT(Take(),
              ElementsAre("AgentAttached True Attached x1", "ClockSynced True AsItShouldBe x1"));
}

}  // namespace
}  // namespace muster
