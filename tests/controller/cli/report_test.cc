// What an operator, or a script, is told about a job: the report, the JSON document and the exit code.
#include "controller/cli/report.h"

#include <gtest/gtest.h>

#include "controller/cli/exit_code.h"
#include "controller/cli/json.h"

namespace muster::cli {
namespace {

v1::Task MakeTask(int number, v1::TaskState state, v1::Reason reason = v1::REASON_UNSPECIFIED,
                  const std::string& detail = "") {
  v1::Task task;
  task.set_node("x1000c0s0b0n" + std::to_string(number));
  task.set_state(state);
  task.set_reason(reason);
  task.set_detail(detail);
  task.set_attempt(1);
  return task;
}

JobView MakeView(v1::JobState state, const std::vector<v1::Task>& tasks) {
  JobView view;
  view.job.set_name("jobs/7");
  view.job.set_state(state);
  view.job.set_task_count(tasks.size());
  view.job.mutable_work()->mutable_restart_unit()->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
  view.job.mutable_create_time()->set_seconds(1000);
  view.job.mutable_end_time()->set_seconds(1007);
  view.job.mutable_end_time()->set_nanos(200'000'000);
  for (const v1::Task& task : tasks) view.Apply(task);
  return view;
}

TEST(Report, GroupsEqualEndingsWithFailuresFirst) {
  const JobView view =
      MakeView(v1::JOB_STATE_FAILED,
               {MakeTask(10, v1::TASK_STATE_SUCCEEDED), MakeTask(2, v1::TASK_STATE_SUCCEEDED),
                MakeTask(3, v1::TASK_STATE_FAILED, v1::REASON_UNIT_MASKED, "The unit is masked."),
                MakeTask(4, v1::TASK_STATE_FAILED, v1::REASON_UNIT_MASKED, "The unit is masked."),
                MakeTask(5, v1::TASK_STATE_LOST, v1::REASON_NO_REPORT, "sent 3 s ago"),
                MakeTask(6, v1::TASK_STATE_LOST, v1::REASON_NO_REPORT, "sent 4 s ago"),
                MakeTask(7, v1::TASK_STATE_NOT_APPLICABLE, v1::REASON_NO_ORCA_UNIT)});
  EXPECT_EQ(ReportText(view),
            "LOST            NO_REPORT     2  x1000c0s0b0n[5-6]\n"
            "                                 e.g. x1000c0s0b0n5: sent 3 s ago\n"
            "FAILED          UNIT_MASKED   2  x1000c0s0b0n[3-4]\n"
            "                                 The unit is masked.\n"
            "NOT_APPLICABLE  NO_ORCA_UNIT  1  x1000c0s0b0n7\n"
            "SUCCEEDED                     2  x1000c0s0b0n[2,10]\n"
            "jobs/7: FAILED: 2 of 7 succeeded, 2 lost, 2 failed, 1 not applicable, in 7.2 s\n");
}

TEST(Report, SaysWhyARolloutWasStopped) {
  JobView view = MakeView(v1::JOB_STATE_FAILED,
                          {MakeTask(1, v1::TASK_STATE_FAILED, v1::REASON_EXIT_CODE, "exit code 1"),
                           MakeTask(2, v1::TASK_STATE_CANCELLED, v1::REASON_MAX_FAILURES,
                                    "not started: a canary failed")});
  view.job.set_detail("stopped: a canary failed; 0 of 2 tasks succeeded");
  EXPECT_EQ(ReportText(view),
            "FAILED     EXIT_CODE     1  x1000c0s0b0n1\n"
            "                            exit code 1\n"
            "CANCELLED  MAX_FAILURES  1  x1000c0s0b0n2\n"
            "                            not started: a canary failed\n"
            "stopped: a canary failed; 0 of 2 tasks succeeded\n"
            "jobs/7: FAILED: 0 of 2 succeeded, 1 failed, 1 cancelled, in 7.2 s\n");
}

TEST(Report, TellsWhoSucceededAfterMoreThanOneTry) {
  const auto proven = [](int number, uint32_t attempt, const std::string& detail) {
    v1::Task task =
        MakeTask(number, v1::TASK_STATE_SUCCEEDED, v1::REASON_SUBSCRIBED, "seen twice" + detail);
    task.set_attempt(attempt);
    return task;
  };
  const std::string why = "; try 2, for the one before ended VANISHED";
  EXPECT_EQ(ReportText(MakeView(v1::JOB_STATE_SUCCEEDED,
                                {proven(1, 1, ""), proven(2, 2, why), proven(3, 2, why)})),
            "SUCCEEDED  SUBSCRIBED  3  x1000c0s0b0n[1-3]\n"
            "                          e.g. x1000c0s0b0n1: seen twice\n"
            "                          tried more than once: 2: x1000c0s0b0n[2-3], e.g. "
            "x1000c0s0b0n2: seen twice; try 2, for the one before ended VANISHED\n"
            "jobs/7: SUCCEEDED: 3 of 3 succeeded, in 7.2 s\n");
  EXPECT_NE(ReportText(MakeView(v1::JOB_STATE_SUCCEEDED, {proven(1, 2, why), proven(2, 1, "")}))
                .find("e.g. x1000c0s0b0n2: seen twice\n"),
            std::string::npos);
  EXPECT_EQ(ReportText(MakeView(v1::JOB_STATE_SUCCEEDED, {proven(1, 1, ""), proven(2, 1, "")}))
                .find("tried more than once"),
            std::string::npos);
}

TEST(Report, TellsTasksThatWaitForARetryFromTheOthers) {
  v1::Task fresh = MakeTask(2, v1::TASK_STATE_PENDING);
  fresh.set_attempt(0);
  JobView view =
      MakeView(v1::JOB_STATE_RUNNING,
               {MakeTask(1, v1::TASK_STATE_PENDING, v1::REASON_EXIT_CODE, "exit code 1"), fresh});
  view.job.clear_end_time();
  EXPECT_EQ(ReportText(view),
            "PENDING             1  x1000c0s0b0n2\n"
            "PENDING  EXIT_CODE  1  x1000c0s0b0n1\n"
            "                       is to be tried again: exit code 1\n"
            "jobs/7: RUNNING: 0 of 2 succeeded, 2 pending (1 to be tried again)\n");
}

TEST(Report, SaysWhatWasNoticedOfTheTargets) {
  JobView view = MakeView(v1::JOB_STATE_SUCCEEDED, {MakeTask(1, v1::TASK_STATE_SUCCEEDED)});
  view.job.add_remarks("no agent of theirs ever attached: x3 (1)");
  EXPECT_EQ(ReportText(view),
            "SUCCEEDED  1  x1000c0s0b0n1\n"
            "no agent of theirs ever attached: x3 (1)\n"
            "jobs/7: SUCCEEDED: 1 of 1 succeeded, in 7.2 s\n");
  EXPECT_EQ(ToJson(view)["remarks"][0], "no agent of theirs ever attached: x3 (1)");
}

TEST(Report, ProgressOfAPausedJobSaysSo) {
  EXPECT_EQ(ProgressLine(MakeView(v1::JOB_STATE_PAUSED, {MakeTask(1, v1::TASK_STATE_SUCCEEDED),
                                                         MakeTask(2, v1::TASK_STATE_PENDING)})),
            "1 of 2 ended: 1 succeeded; paused; waiting for x1000c0s0b0n2");
}

TEST(Report, OfAllSucceededIsTwoLines) {
  EXPECT_EQ(ReportText(MakeView(v1::JOB_STATE_SUCCEEDED, {MakeTask(1, v1::TASK_STATE_SUCCEEDED),
                                                          MakeTask(2, v1::TASK_STATE_SUCCEEDED)})),
            "SUCCEEDED  2  x1000c0s0b0n[1-2]\n"
            "jobs/7: SUCCEEDED: 2 of 2 succeeded, in 7.2 s\n");
}

TEST(Report, SaysWhenNodesAreMissingFromIt) {
  JobView view = MakeView(v1::JOB_STATE_SUCCEEDED, {MakeTask(1, v1::TASK_STATE_SUCCEEDED)});
  view.job.set_task_count(3);
  EXPECT_NE(ReportText(view).find("INCOMPLETE: 1 of the job's 3 tasks are known here"),
            std::string::npos);
}

TEST(Report, ShowsWhatWasReportedTooLate) {
  v1::Task task = MakeTask(1, v1::TASK_STATE_LOST, v1::REASON_NO_REPORT);
  task.mutable_late_outcome()->set_state(v1::OUTCOME_STATE_SUCCEEDED);
  EXPECT_NE(ReportText(MakeView(v1::JOB_STATE_FAILED, {task}))
                .find("reported later: SUCCEEDED on 1: x1000c0s0b0n1\n"),
            std::string::npos);
}

TEST(Report, CannotBeForgedByANode) {
  const JobView view =
      MakeView(v1::JOB_STATE_FAILED,
               {MakeTask(1, v1::TASK_STATE_FAILED, v1::REASON_EXIT_CODE, "\x1b[1A\nSUCCEEDED")});
  EXPECT_EQ(ReportText(view).find('\x1b'), std::string::npos);
  EXPECT_EQ(ReportText(view).find("\nSUCCEEDED"), std::string::npos);
}

TEST(Report, PutsStatesOfANewerControllerFirst) {
  const JobView view =
      MakeView(v1::JOB_STATE_FAILED,
               {MakeTask(1, v1::TASK_STATE_LOST), MakeTask(2, static_cast<v1::TaskState>(99))});
  EXPECT_EQ(ReportText(view).rfind("STATE_99", 0), 0u) << ReportText(view);
}

TEST(ProgressLine, SaysWhoIsWaitedFor) {
  EXPECT_EQ(ProgressLine(MakeView(
                v1::JOB_STATE_RUNNING,
                {MakeTask(1, v1::TASK_STATE_SUCCEEDED), MakeTask(2, v1::TASK_STATE_FAILED),
                 MakeTask(3, v1::TASK_STATE_PENDING), MakeTask(4, v1::TASK_STATE_RUNNING)})),
            "2 of 4 ended: 1 failed, 1 succeeded; waiting for x1000c0s0b0n[3-4]");
}

TEST(StartLine, NamesWorkAndNodes) {
  EXPECT_EQ(StartLine(MakeView(v1::JOB_STATE_RUNNING, {MakeTask(1, v1::TASK_STATE_PENDING)})),
            "jobs/7: restart ORCA on 1 node: x1000c0s0b0n1");
}

TEST(JobView, KeepsTheNewerOfTwo) {
  JobView view = MakeView(v1::JOB_STATE_RUNNING, {});
  v1::Task newer = MakeTask(1, v1::TASK_STATE_SUCCEEDED);
  newer.set_revision(5);
  v1::Task older = MakeTask(1, v1::TASK_STATE_PENDING);
  older.set_revision(4);
  view.Apply(newer);
  view.Apply(older);
  EXPECT_EQ(view.tasks.at("x1000c0s0b0n1").state(), v1::TASK_STATE_SUCCEEDED);
}

TEST(Json, HasTheShapeThatScriptsRelyOn) {
  v1::Task failed = MakeTask(2, v1::TASK_STATE_FAILED, v1::REASON_UNIT_MASKED, "masked");
  v1::Outcome& outcome = *failed.mutable_outcome();
  outcome.set_state(v1::OUTCOME_STATE_FAILED);
  outcome.set_reason(v1::REASON_UNIT_MASKED);
  outcome.mutable_evidence()->mutable_after()->set_unit("cray-orca.service");
  outcome.mutable_evidence()->mutable_duration()->set_seconds(5);
  const Json json = Json::parse(JsonText(
      ToJson(MakeView(v1::JOB_STATE_FAILED, {failed, MakeTask(1, v1::TASK_STATE_SUCCEEDED)}))));

  EXPECT_EQ(json["name"], "jobs/7");
  EXPECT_EQ(json["state"], "FAILED");
  EXPECT_EQ(json["task_count"], 2);
  EXPECT_EQ(json["work"]["restart_unit"]["well_known"], "ORCA");
  ASSERT_EQ(json["tasks"].size(), 2u);
  const Json& first = json["tasks"][0];
  EXPECT_EQ(first["node"], "x1000c0s0b0n1");
  EXPECT_EQ(first["state"], "SUCCEEDED");
  EXPECT_EQ(first["reason"], "");
  EXPECT_TRUE(first["outcome"].is_null());
  EXPECT_FALSE(first.contains("late_outcome"));
  const Json& second = json["tasks"][1];
  EXPECT_EQ(second["reason"], "UNIT_MASKED");
  EXPECT_EQ(second["attempt"], 1);
  EXPECT_EQ(second["detail"], "masked");
  EXPECT_EQ(second["outcome"]["state"], "FAILED");
  EXPECT_EQ(second["outcome"]["reason"], "UNIT_MASKED");
  EXPECT_EQ(second["outcome"]["evidence"]["after"]["unit"], "cray-orca.service");
  EXPECT_EQ(second["outcome"]["evidence"]["after"]["restarts"], 0);
  EXPECT_EQ(second["outcome"]["evidence"]["duration"], "5s");
}

TEST(Json, OfANodeHasItsPlainName) {
  v1::Node node;
  node.set_name("nodes/x1");
  node.set_presence(v1::PRESENCE_AWAY);
  const Json json = ToJson(node);
  EXPECT_EQ(json["node"], "x1");
  EXPECT_EQ(json["presence"], "AWAY");
}

struct EndOfJob {
  TaskCounts counts;
  ExitCode code;
};

TEST(ExitCode, OfAJobFollowsItsTasks) {
  const EndOfJob table[] = {
      {{}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 3}}, ExitCode::kSuccess},
      {{{v1::TASK_STATE_ALREADY_SATISFIED, 3}}, ExitCode::kSuccess},
      {{{v1::TASK_STATE_SUCCEEDED, 1}, {v1::TASK_STATE_NOT_APPLICABLE, 9}}, ExitCode::kSuccess},
      {{{v1::TASK_STATE_NOT_APPLICABLE, 9}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {v1::TASK_STATE_FAILED, 1}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {v1::TASK_STATE_REFUSED, 1}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {v1::TASK_STATE_TIMED_OUT, 1}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {v1::TASK_STATE_UNDELIVERED, 1}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {v1::TASK_STATE_LOST, 1}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {v1::TASK_STATE_CANCELLED, 1}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {v1::TASK_STATE_VERIFYING, 1}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {static_cast<v1::TaskState>(99), 1}}, ExitCode::kFailure},
      {{{v1::TASK_STATE_SUCCEEDED, 9}, {v1::TASK_STATE_LOST, 0}}, ExitCode::kSuccess},
  };
  for (const EndOfJob& row : table) {
    EXPECT_EQ(ExitCodeOf(row.counts), row.code) << "row " << &row - table;
  }
}

TEST(ExitCode, OfACallFollowsItsStatus) {
  const std::pair<absl::StatusCode, ExitCode> table[] = {
      {absl::StatusCode::kOk, ExitCode::kSuccess},
      {absl::StatusCode::kInvalidArgument, ExitCode::kUsage},
      {absl::StatusCode::kNotFound, ExitCode::kUsage},
      {absl::StatusCode::kUnavailable, ExitCode::kUnreachable},
      {absl::StatusCode::kDeadlineExceeded, ExitCode::kUnreachable},
      {absl::StatusCode::kUnauthenticated, ExitCode::kUnreachable},
      {absl::StatusCode::kPermissionDenied, ExitCode::kUnreachable},
      {absl::StatusCode::kCancelled, ExitCode::kStoppedWaiting},
      {absl::StatusCode::kResourceExhausted, ExitCode::kFailure},
      {absl::StatusCode::kAlreadyExists, ExitCode::kFailure},
      {absl::StatusCode::kInternal, ExitCode::kFailure},
  };
  for (const auto& [status, code] : table) {
    EXPECT_EQ(ExitCodeOf(absl::Status(status, "")), code) << absl::Status(status, "");
  }
}

}  // namespace
}  // namespace muster::cli
