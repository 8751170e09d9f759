// Rollout policies, dry runs, retries and the control of jobs, as an operator types them.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "program_fixture.h"

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNewest[] = "01a1fd4e-b313-754f-ac31-0cca330bc137";
constexpr char kOlder[] = "01a1fd4e-a000-7000-8000-000000000001";

class RolloutTest : public ProgramTest {
 protected:
  // alice's newest job is the older of two.
  void MakeTwoJobs() {
    controller_.MakeJob(1);
    controller_.job.set_name(std::string("jobs/") + kNewest);
    controller_.job.set_created_by("bob");
    v1::Job& older = controller_.older_jobs.emplace_back(controller_.job);
    older.set_name(std::string("jobs/") + kOlder);
    older.set_created_by("alice");
  }
  v1::CreateJobRequest LastCreate() {
    const auto creates = controller_.Creates();
    EXPECT_FALSE(creates.empty());
    return creates.empty() ? v1::CreateJobRequest() : creates.back();
  }
};

TEST_F(RolloutTest, EveryOptionOfThePolicyIsSent) {
  controller_.MakeJob(1);
  Serve();
  const Result result =
      Run({"resubscribe", "--no-verify",    "--all", "--detach",      "--rate", "30/min",
           "--ramp",      "--canary",       "5%",    "--min-healthy", "20s",    "--max-failures",
           "3",           "--retries",      "2",     "--since",       "30min",  "--on-conflict",
           "refuse",      "--max-parallel", "100"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const v1::Policy policy = LastCreate().policy();
  EXPECT_EQ(policy.rate().starts(), 30u);
  EXPECT_EQ(policy.rate().per().seconds(), 60);
  EXPECT_TRUE(policy.ramp());
  EXPECT_EQ(policy.canary().percent(), 5);
  EXPECT_EQ(policy.min_healthy().seconds(), 20);
  EXPECT_EQ(policy.max_failures().count(), 3u);
  EXPECT_EQ(policy.retries(), 2u);
  EXPECT_EQ(policy.since_age().seconds(), 1800);
  EXPECT_FALSE(policy.has_since());
  EXPECT_EQ(policy.on_conflict(), v1::ON_CONFLICT_REFUSE);
  EXPECT_EQ(policy.max_parallel(), 100u);
  EXPECT_FALSE(LastCreate().work().restart_unit().has_settle()) << "the controller's default";

  EXPECT_EQ(
      Run({"restart", "sshd", "--all", "--detach", "--since", "2026-11-21T08:04:11Z"}).exit_code,
      0);
  EXPECT_EQ(LastCreate().policy().since().seconds(), 1'795'248'251);
  EXPECT_FALSE(LastCreate().policy().has_max_failures()) << "the controller's default";
}

TEST_F(RolloutTest, WhatIsNoPolicyIsSaid) {
  address_ = "127.0.0.1:1";
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--rate", "fast"}, "--rate: \"fast\" is not a rate"},
      {{"--canary", "half"}, "--canary: \"half\" is not an amount"},
      {{"--max-failures", "101%"}, "--max-failures: \"101%\" is not an amount"},
      {{"--retries", "11"}, "--retries"},
      {{"--ramp=x"}, "ramp was given a disallowed flag override"},
      {{"--ramp=false"}, "ramp was given"},
      {{"--ramp", "--no-ramp"}, "--no-ramp"},
      {{"--since", "yesterday"}, "--since: \"yesterday\" is not a time"},
      {{"--on-conflict", "fight"}, "--on-conflict"},
      {{"--timeout", "5 parsecs"}, "a number alone is seconds"},
      {{"--state", "failed"}, "--from-job"},
      {{"--dry-run", "--detach"}, "--dry-run"}};
  for (const auto& [options, sentence] : cases) {
    std::vector<std::string> arguments = {"resubscribe", "--no-verify", "-w", "x1"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(sentence));
  }
}

TEST_F(RolloutTest, ADryRunShowsThePlanAndMakesNothing) {
  controller_.MakeJob(3);
  controller_.job.clear_name();
  controller_.job.mutable_plan()->add_waves(3);
  controller_.job.mutable_plan()->add_away("x1000c0s0b0n2");
  controller_.job.mutable_plan()->mutable_least_duration()->set_seconds(5);
  controller_.job.mutable_policy()->mutable_deadline()->set_seconds(4);
  for (int i = 1; i <= 3; ++i)
    controller_.job.mutable_plan()->add_nodes("x1000c0s0b0n" + std::to_string(i));
  Serve();
  const Result table = Run({"resubscribe", "--no-verify", "-w", "x1000c0s0b0n[1-3]", "--dry-run"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("dry run   nothing was made\n"));
  EXPECT_THAT(table.out, HasSubstr("at least  5 s, longer than --timeout: not all are tried\n"));
  EXPECT_THAT(table.out, HasSubstr("nodes     3  x1000c0s0b0n[1-3]\n"));
  EXPECT_THAT(table.out, HasSubstr("away      1  x1000c0s0b0n2\n"));
  EXPECT_TRUE(LastCreate().validate_only());
  EXPECT_TRUE(controller_.Watches().empty());
  EXPECT_EQ(LastCreate().targets().node_sets(0), "x1000c0s0b0n[1-3]");
  const Result json =
      Run({"-o", "json", "resubscribe", "--no-verify", "-w", "x1000c0s0b0n[1-3]", "--dry-run"});
  EXPECT_EQ(nlohmann::json::parse(json.out)["plan"]["waves"][0], 3);
}

TEST_F(RolloutTest, NodesOfAnEarlierJobAreTargetsOfEveryVerb) {
  MakeTwoJobs();
  Serve();
  EXPECT_EQ(Run({"resubscribe", "--no-verify", "--from-job", kNewest, "--state", "Failed,timed_out",
                 "--detach"})
                .exit_code,
            0);
  const v1::TasksOfJob from = LastCreate().targets().from_jobs(0);
  EXPECT_EQ(from.job(), std::string("jobs/") + kNewest);
  EXPECT_THAT(from.states(), ElementsAre(v1::TASK_STATE_FAILED, v1::TASK_STATE_TIMED_OUT));
  EXPECT_EQ(Run({"node", "list", "--from-job", "last"}).exit_code, 0);
  EXPECT_EQ(controller_.NodeLists()[0].targets().from_jobs(0).job(), std::string("jobs/") + kOlder);
}

TEST_F(RolloutTest, ARetryIsTheSameWorkOnWhatDidNotEndWell) {
  controller_.MakeJob(2);
  controller_.job.set_state(v1::JOB_STATE_FAILED);
  controller_.job.mutable_policy()->set_max_parallel(7);
  controller_.job.mutable_policy()->set_retries(3);
  controller_.job.mutable_policy()->set_ramp(true);
  controller_.job.mutable_policy()->mutable_rate()->set_starts(5);
  controller_.job.mutable_policy()->mutable_canary()->set_count(5);
  controller_.job.mutable_work()->mutable_restart_unit()->mutable_settle()->set_seconds(9);
  Serve();
  const Result result =
      Run({"job", "retry", "7", "--detach", "--canary", "1", "-x", "x1000c0s0b0n2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const v1::CreateJobRequest request = LastCreate();
  EXPECT_EQ(request.work().restart_unit().settle().seconds(), 9);
  EXPECT_EQ(request.policy().max_parallel(), 7u);
  EXPECT_EQ(request.policy().retries(), 3u);
  EXPECT_EQ(request.policy().canary().count(), 1u);
  EXPECT_EQ(request.targets().exclude(0), "x1000c0s0b0n2");
  ASSERT_EQ(request.targets().from_jobs_size(), 1);
  EXPECT_EQ(request.targets().from_jobs(0).job(), "jobs/7");
  EXPECT_THAT(request.targets().from_jobs(0).states(),
              ElementsAre(v1::TASK_STATE_FAILED, v1::TASK_STATE_TIMED_OUT,
                          v1::TASK_STATE_UNDELIVERED, v1::TASK_STATE_LOST));
  EXPECT_EQ(Run({"job", "retry", "7", "--detach", "--state", "refused", "--settle", "0",
                 "--retries", "0", "--canary", "0", "--rate", "0/s", "--no-ramp"})
                .exit_code,
            0);
  EXPECT_FALSE(LastCreate().policy().has_canary());
  EXPECT_FALSE(LastCreate().policy().has_rate());
  EXPECT_FALSE(LastCreate().policy().ramp());
  EXPECT_EQ(LastCreate().policy().retries(), 0u) << "not the old job's";
  EXPECT_THAT(LastCreate().targets().from_jobs(0).states(), ElementsAre(v1::TASK_STATE_REFUSED));
  EXPECT_EQ(LastCreate().work().restart_unit().settle().seconds(), 0);
}

TEST_F(RolloutTest, AJobIsPausedResumedAndDeleted) {
  controller_.MakeJob(1);
  Serve();
  const Result pause = Run({"job", "pause", "7"});
  EXPECT_EQ(pause.exit_code, 0) << pause.err;
  EXPECT_THAT(pause.out, HasSubstr("jobs/7: PAUSED; what has started ends as it truly ends"));
  EXPECT_EQ(Run({"job", "resume", "7"}).out, "jobs/7: RUNNING\n");
  EXPECT_EQ(Run({"job", "delete", "7"}).out, "jobs/7: deleted\n");
  EXPECT_THAT(controller_.Actions(), ElementsAre("pause jobs/7", "resume jobs/7", "delete jobs/7"));
  const auto json = nlohmann::json::parse(Run({"-o", "json", "job", "pause", "7"}).out);
  EXPECT_EQ(json["state"], "PAUSED");
}

TEST_F(RolloutTest, WhatTheJobsStateForbidsIsAFailure) {
  controller_.MakeJob(1);
  controller_.action_status = {grpc::StatusCode::FAILED_PRECONDITION, "jobs/7 has ended"};
  Serve();
  const Result result = Run({"job", "resume", "7"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "muster: resume jobs/7: jobs/7 has ended\n");
  EXPECT_EQ(result.out, "");
}

TEST_F(RolloutTest, AnIdMayBeLastOrABeginning) {
  MakeTwoJobs();
  Serve();
  const auto cancelled = [this](const std::string& id) {
    const Result result = Run({"job", "cancel", id});
    return result.exit_code == 0 ? controller_.LastCancelled() : result.err;
  };
  EXPECT_EQ(cancelled("last"), std::string("jobs/") + kOlder);
  EXPECT_EQ(cancelled("01a1fd4e-b"), std::string("jobs/") + kNewest);
  EXPECT_EQ(cancelled("jobs/01a1fd4e-a"), std::string("jobs/") + kOlder);
  EXPECT_THAT(cancelled("01a1"), HasSubstr("is the beginning of several jobs' ids"));
  EXPECT_THAT(cancelled("ffff"), HasSubstr("no job's id begins so"));
  EXPECT_THAT(cancelled("newest"),
              HasSubstr("\"newest\" is no job's id, nor the beginning of one"));
  EXPECT_EQ(Run({"job", "show", "01a1"}).exit_code, 2);
  controller_.older_jobs.clear();
}

TEST_F(RolloutTest, AnUnknownVerbIsNamed) {
  address_ = "127.0.0.1:1";
  const Result result = Run({"job", "pauze", "7"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("there is no verb `job pauze` (did you mean `muster job pause`?)"));
  EXPECT_THAT(Run({}).err, HasSubstr("needs a verb"));
  EXPECT_THAT(Run({"resubscribe"}).err, Not(HasSubstr("verb")));
}

TEST_F(RolloutTest, APausedJobIsShownAsSuch) {
  controller_.MakeJob(2);
  controller_.job.set_state(v1::JOB_STATE_PAUSED);
  controller_.job.set_detail("paused by bob");
  controller_.job.mutable_policy()->set_max_parallel(1000);
  controller_.job.mutable_policy()->mutable_canary()->set_percent(5);
  controller_.tasks[0].set_attempt(1);
  controller_.tasks[0].set_reason(v1::REASON_EXIT_CODE);
  controller_.tasks[0].set_detail("exit code 1");
  Serve();
  const Result result = Run({"job", "show", "7"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("PENDING  EXIT_CODE  1  x1000c0s0b0n1\n"));
  EXPECT_THAT(result.out, HasSubstr("is to be tried again: exit code 1\n"));
  EXPECT_THAT(result.out, HasSubstr("canary 5 %"));
  EXPECT_THAT(
      result.out,
      HasSubstr(
          "paused by bob\njobs/7: PAUSED: 0 of 2 succeeded, 2 pending (1 to be tried again)\n"));
  EXPECT_THAT(Run({"job", "list"}).out, HasSubstr("jobs/7  PAUSED"));
}

}  // namespace
}  // namespace muster::cli
