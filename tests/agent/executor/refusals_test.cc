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
  ASSERT_THAT(reports_, SizeIs(3));
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

}  // namespace
}  // namespace muster
