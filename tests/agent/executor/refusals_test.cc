// What the executor does not let in, and what must not keep others out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/limits.h"
#include "tests/agent/executor/executor_fixture.h"

namespace muster {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_F(ExecutorTest, AnInspectionKeepsNobodyFromTheUnit) {
  systemd_is_silent_ = true;
  Receive(CommandOf(Key("look"), Inspect{kOrca}));
  systemd_is_silent_ = false;
  Receive(CommandOf(Key("restart")));
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_THAT(calls_, SizeIs(1));
}

// Hello lists what is held and has a size limit.
TEST_F(ExecutorTest, AMalformedKeyIsAnsweredAndNotHeld) {
  Receive(CommandOf({std::string(1 << 20, 'x'), 1}));
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kMalformed);
  EXPECT_THAT(executor_->Held(), IsEmpty());
}

TEST_F(ExecutorTest, TimesThatNoClockCanAddAreMalformed) {
  Command forever = CommandOf(Key("a"));
  forever.execution_deadline = Duration::max();
  Receive(forever);
  Receive(CommandOf(Key("b"), RestartUnit{kOrca, Duration::max()}));
  Receive(CommandOf(Key("c"), RestartUnit{kOrca, -1s}));
  Receive(CommandOf(Key("d"), RestartUnit{kOrca, 0s, Duration::max()}));
  ASSERT_THAT(reports_, SizeIs(4));
  for (const Outcome& outcome : reports_) EXPECT_EQ(outcome.reason, Reason::kMalformed);
  EXPECT_THAT(calls_, IsEmpty());
}

TEST_F(ExecutorTest, AUnitNameThatIsTooLongIsMalformed) {
  Receive(CommandOf(Key(), Inspect{std::string(limits::kMaxNameBytes + 1, 'x')}));
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kMalformed);
}

// A report that is too large would never be sent.
TEST_F(ExecutorTest, ARefusalIsNoLongerThanADetailMayBe) {
  Command command = CommandOf();
  command.required_features = {std::string(1 << 20, 'x')};
  Receive(command);
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].reason, Reason::kUnsupported);
  EXPECT_EQ(reports_[0].detail.size(), limits::kMaxDetailBytes);
}

class SinceTest : public ExecutorTest {
 protected:
  void ReceiveSince(Duration age, Duration waited = 0s) {
    Receive(CommandOf(Key(), RestartUnit{kOrca, 0s, age}), waited);
  }
  void SetAge(Duration age) { units_[kOrca].active_age = age; }
};

TEST_F(SinceTest, AUnitThatWasStartedSinceIsLeftAlone) {
  SetAge(60s);
  ReceiveSince(60s);
  EXPECT_THAT(calls_, IsEmpty());
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].state, OutcomeState::kAlreadySatisfied);
  EXPECT_EQ(reports_[0].reason, Reason::kStartedSince);
  EXPECT_EQ(reports_[0].evidence.after->invocation_id, "old");
  EXPECT_TRUE(ledger_.empty()) << "nothing was done";
}

TEST_F(SinceTest, AnOlderOneIsRestarted) {
  SetAge(60s + Duration(1));
  ReceiveSince(60s);
  EXPECT_THAT(calls_, SizeIs(1));
}

TEST_F(SinceTest, TheTimeOnTheWayCounts) {
  SetAge(70s);
  ReceiveSince(60s, 10s);
  EXPECT_THAT(calls_, IsEmpty());
}

TEST_F(SinceTest, AUnitThatIsDownIsStarted) {
  units_[kOrca].active_state = "failed";
  units_[kOrca].active_age.reset();
  ReceiveSince(60s);
  EXPECT_THAT(calls_, SizeIs(1));
}

}  // namespace
}  // namespace muster
