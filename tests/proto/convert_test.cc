#include "proto/convert.h"

#include <gtest/gtest.h>

#include "controller/engine/job.h"
#include "muster/v1/job.pb.h"

namespace muster {
namespace {

UnitState SomeUnit() {
  UnitState unit;
  unit.unit = "cray-orca.service";
  unit.load_state = "loaded";
  unit.active_state = "active";
  unit.sub_state = "running";
  unit.result = "success";
  unit.invocation_id = "0123456789abcdef0123456789abcdef";
  unit.exec_main_code = 1;
  unit.exec_main_status = 7;
  unit.restarts = 3;
  unit.job_id = 37;
  unit.need_daemon_reload = true;
  unit.active_age = 1500ms;
  unit.condition_result = true;
  return unit;
}

Outcome SomeOutcome() {
  Outcome outcome{OutcomeState::kFailed, Reason::kExitCode, "it ended with 7", {}};
  outcome.evidence.before = SomeUnit();
  outcome.evidence.after = SomeUnit();
  outcome.evidence.after->active_age.reset();
  outcome.evidence.job_result = "failed";
  outcome.evidence.error_name = "org.example.Error";
  outcome.evidence.foreign_restarts = 2;
  outcome.evidence.spire = SomeUnit();
  outcome.evidence.duration = Duration(5'000'000'001);
  outcome.evidence.recovered = true;
  return outcome;
}

TEST(Convert, AnOutcomeKeepsAllItsEvidence) {
  EXPECT_EQ(FromProto(ToProto(SomeOutcome())), SomeOutcome());
}

const ContentRecord kRecord{
    {{MountKind::kOverlay, "overlay", "s", "/t", "rw", "lowerdir=/a", "shared", true},
     {MountKind::kBind, "dvs", "/a", "/b", "ro", "ro", "private", false}}};

TEST(Convert, ARecordOfMountsIsKept) {
  Outcome outcome;
  outcome.evidence.content = kRecord;
  EXPECT_EQ(FromProto(ToProto(outcome)), outcome);
}

TEST(Convert, WorkKeepsItsKind) {
  for (const Work& work :
       {Work(RestartUnit{"a.service", 5s}), Work(RestartUnit{"", 0s}), Work(Inspect{"b.service"}),
        Work(Inspect{}), Work(InspectContent{}), Work(UnmountContent{"pe", kRecord, true, false}),
        Work(UnmountContent{"pe", {}, false, true}), Work(RemountContent{"pe", kRecord}),
        Work(UnknownWork{})}) {
    EXPECT_EQ(FromProto(ToProto(work)), work);
  }
}

TEST(Convert, ARestartOfNothingIsNotARestartOfOrca) {
  v1::Work proto;
  proto.mutable_restart_unit();
  EXPECT_EQ(FromProto(proto), Work(UnknownWork{}));
}

TEST(Convert, AHelloKeepsWhatIsHeld) {
  Hello hello;
  hello.node = "x1000c0s0b0n0";
  hello.incarnation = "i";
  hello.held = {{"jobs/a/tasks/x1000c0s0b0n0", 1}, {"jobs/b/tasks/x1000c0s0b0n0", 2}};
  hello.status = {"x1000c0s0b0n0", 30s, {SomeUnit()}, {{"/dev/loop0", "/opt/cray/pe", "squashfs"}}};
  const AgentMessage back = FromProto(ToProto(AgentMessage(hello)));
  ASSERT_TRUE(std::holds_alternative<Hello>(back));
  EXPECT_EQ(std::get<Hello>(back).held, hello.held);
  EXPECT_EQ(std::get<Hello>(back).status, hello.status);
}

TEST(Convert, ACommandKeepsItsKeyAndDeadlines) {
  const Command command{"n",  {"jobs/a/tasks/n", 3},  "inc", {kRestartUnitFeature}, 30s,
                        300s, RestartUnit{"", 5000ms}};
  const v1::ControllerMessage proto = ToProto(ControllerMessage(command), 42);
  EXPECT_EQ(proto.sender_clock_ns(), 42u);
  const std::vector<ControllerMessage> back = FromProto(proto);
  ASSERT_EQ(back.size(), 1u);
  ASSERT_TRUE(std::holds_alternative<Command>(back[0]));
  const Command& got = std::get<Command>(back[0]);
  EXPECT_EQ(got.key, command.key);
  EXPECT_EQ(got.incarnation, "inc");
  EXPECT_EQ(got.start_within, 30s);
  EXPECT_EQ(got.execution_deadline, 300s);
  EXPECT_EQ(got.work, command.work);
}

TEST(Convert, ADurationThatDoesNotFitIsTheLongest) {
  google::protobuf::Duration proto;
  proto.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(FromProto(proto), Duration::max());
  // The wire lets nanos be more than a second.
  proto.set_seconds(std::numeric_limits<int64_t>::max() / 1'000'000'000 - 1);
  proto.set_nanos(std::numeric_limits<int32_t>::max());
  EXPECT_EQ(FromProto(proto), Duration::max());
  proto.set_seconds(-proto.seconds());
  proto.set_nanos(std::numeric_limits<int32_t>::min());
  EXPECT_EQ(FromProto(proto), Duration::min());
}

// Found by fuzz_uplink: nanoseconds that carry into the last seconds that fit came back as another duration.
TEST(Convert, ADurationNearTheLongestIsConvertedToItself) {
  google::protobuf::Duration proto;
  proto.set_seconds(std::numeric_limits<int64_t>::max() / 1'000'000'000 - 3);
  proto.set_nanos(std::numeric_limits<int32_t>::max());
  const Duration once = FromProto(proto);
  EXPECT_LT(once, Duration::max());
  EXPECT_EQ(FromProto(ToProto(once)), once);
  EXPECT_EQ(FromProto(ToProto(Duration::max())), Duration::max());
  EXPECT_EQ(FromProto(ToProto(Duration::min())), Duration::min());
}

// The plain enums and the wire's have the same numbers and, but for prefixes, the same names.
TEST(Convert, EnumsAgreeWithTheWire) {
  for (int i = 0; i < v1::Reason_ARRAYSIZE; ++i) {
    if (!v1::Reason_IsValid(i)) continue;
    if (i == 0) continue;
    EXPECT_EQ("REASON_" + Name(static_cast<Reason>(i)), v1::Reason_Name(i));
  }
  for (int i = 1; i < v1::OutcomeState_ARRAYSIZE; ++i) {
    EXPECT_EQ("OUTCOME_STATE_" + Name(static_cast<OutcomeState>(i)), v1::OutcomeState_Name(i));
  }
  ASSERT_EQ(v1::TaskState_ARRAYSIZE, kTaskStateCount);
  for (int i = 0; i < v1::TaskState_ARRAYSIZE; ++i) {
    EXPECT_EQ("TASK_STATE_" + Name(static_cast<TaskState>(i)), v1::TaskState_Name(i));
  }
  for (int i = 0; i < v1::JobState_ARRAYSIZE; ++i) {
    EXPECT_EQ("JOB_STATE_" + Name(static_cast<JobState>(i)), v1::JobState_Name(i));
  }
}

}  // namespace
}  // namespace muster
