#include "controller/api/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/uuid.h"

namespace muster {
namespace {

using ::testing::HasSubstr;

const Time kReceived = Time(1'763'000'000s);

v1::CreateJobRequest Restart(const std::string& unit) {
  v1::CreateJobRequest request;
  request.mutable_work()->mutable_restart_unit()->set_unit(unit);
  return request;
}

void ExpectInvalid(const v1::CreateJobRequest& request, const std::string& sentence) {
  const auto checked = CheckRequest(request, kReceived);
  EXPECT_EQ(checked.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(checked.status()), HasSubstr(sentence));
}

TEST(ValidateTest, ReadsUnitNamesAsSystemctlDoes) {
  EXPECT_EQ(*CheckUnitName("cray-orca"), "cray-orca.service");
  EXPECT_EQ(*CheckUnitName("cray-orca.service"), "cray-orca.service");
  EXPECT_EQ(*CheckUnitName("foo.timer"), "foo.timer");
  EXPECT_EQ(*CheckUnitName("foo.bar"), "foo.bar.service");
  EXPECT_EQ(*CheckUnitName("getty@tty1"), "getty@tty1.service");
  for (const char* bad : {"", "a b", "a/b", "x;reboot", "$(reboot)", ".service", "@.service",
                          "getty@.service", "getty@", "ü", "--force\n"}) {
    EXPECT_EQ(CheckUnitName(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_FALSE(CheckUnitName(std::string(200, 'a')).ok());
}

TEST(ValidateTest, FillsInDefaultsAndKeepsWhatWasGiven) {
  v1::CreateJobRequest request = Restart("foo");
  request.mutable_policy()->mutable_deadline()->set_seconds(60);
  request.mutable_work()->mutable_restart_unit()->mutable_settle();  // 0 is allowed
  const auto checked = CheckRequest(request, kReceived);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->work, Work(RestartUnit{"foo.service", 0s}));
  EXPECT_EQ(checked->policy.max_parallel, 1000u);
  EXPECT_EQ(checked->policy.deadline, 60s);
  EXPECT_TRUE(IsUuid(checked->request_id));
}

TEST(ValidateTest, SaysWhichFieldIsWrong) {
  ExpectInvalid(v1::CreateJobRequest(), "work: none");
  v1::CreateJobRequest request = Restart("foo");
  request.mutable_work()->mutable_restart_unit()->clear_target();
  ExpectInvalid(request, "which unit?");
  request = Restart("foo");
  request.set_request_id("7");
  ExpectInvalid(request, "request_id: '7' is not a UUID");
  request = Restart("foo");
  request.mutable_policy()->set_max_parallel(100'001);
  ExpectInvalid(request, "policy.max_parallel: 100001");
  request = Restart("foo");
  request.mutable_policy()->mutable_delivery_deadline();
  ExpectInvalid(request, "policy.delivery_deadline: 0 s; it must be greater than 0");
  request = Restart("foo");
  request.mutable_policy()->mutable_execution_deadline()->set_seconds(8 * 24 * 3600);
  ExpectInvalid(request, "at most 168 h");
  request = Restart("foo");
  request.mutable_work()->mutable_restart_unit()->mutable_settle()->set_seconds(3601);
  ExpectInvalid(request, "work.restart_unit.settle");
  request = Restart("foo");
  request.mutable_policy()->mutable_execution_deadline()->set_seconds(5);
  ExpectInvalid(request, "must be shorter than the execution deadline");
  request.mutable_policy()->clear_execution_deadline();
  request.mutable_policy()->mutable_deadline()->set_seconds(7);
  ExpectInvalid(request, "leaves no time to restart anything");
  request = Restart("foo");
  request.mutable_work()->mutable_restart_unit()->mutable_satisfied_age();
  ExpectInvalid(request, "work.restart_unit.satisfied_age: the controller sets it");
}

TEST(ValidateTest, TheDigestIsOfWhatIsAskedFor) {
  v1::CreateJobRequest request = Restart("foo");
  const std::string digest = CheckRequest(request, kReceived)->digest;
  EXPECT_EQ(digest.size(), 32u);
  request.set_request_id(NewUuid());
  request.set_validate_only(true);
  EXPECT_EQ(CheckRequest(request, kReceived)->digest, digest);
  request.mutable_targets()->set_all(true);
  EXPECT_NE(CheckRequest(request, kReceived)->digest, digest);
}

}  // namespace
}  // namespace muster
