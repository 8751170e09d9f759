// muster job retry ID - a new job from an old one: the same work under the same policy, on those of its nodes that did not end well.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>

#include "controller/cli/job_action.h"
#include "controller/cli/job_id.h"
#include "controller/cli/job_view.h"
#include "controller/cli/policy_options.h"
#include "controller/cli/printable.h"
#include "controller/cli/submit.h"
#include "controller/cli/verbs.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

std::vector<v1::TaskState> UsualStates() {
  return {std::begin(kRetriedStates), std::end(kRetriedStates)};
}

// What an operator may have expected to be tried, too.
void TellWhatIsLeftOut(const v1::Job& job) {
  uint32_t count = 0;
  for (const auto& [state, tasks] : CountsOf(job)) {
    if (state == v1::TASK_STATE_CANCELLED) count = tasks;
  }
  if (count == 0) return;
  fmt::print(stderr,
             "muster: {} cancelled of {} left out; --state "
             "failed,timed-out,undelivered,lost,cancelled takes them, too\n",
             count, Printable(job.name()));
}

ExitCode RetryJob(const std::string& id, JobOptions options, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::StatusOr<std::string> name = FindJobName(**connection, id);
  if (!name.ok()) return Fail(name.status());
  v1::GetJobRequest request;
  request.set_name(*name);
  v1::Job old;
  const absl::Status status =
      (*connection)->Call(&v1::Controller::Stub::GetJob, "retry " + *name, request, old);
  if (!status.ok()) return Fail(status);
  v1::Work work = old.work();
  if (options.settle && work.has_restart_unit())
    *work.mutable_restart_unit()->mutable_settle() = ToProto(*options.settle);
  options.policy = Overridden(old.policy(), options.policy);
  options.targets.from_jobs = {*name};
  if (options.targets.states == UsualStates()) TellWhatIsLeftOut(old);
  const absl::StatusOr<v1::Targets> targets = ReadTargets(options.targets, std::cin);
  if (!targets.ok()) return Fail(targets.status());
  return SubmitJob(**connection, work, *targets, options, global);
}

}  // namespace

void AddJobRetry(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand(
      "retry", "The same work again, on the nodes of a job that did not end well");
  verb->footer(
      "What is not typed here is as in that job; --canary 0, --rate 0/s and --no-ramp take its "
      "limits away.\n\n" +
      verb->get_footer());
  const auto options = std::make_shared<JobOptions>();
  const std::shared_ptr<std::string> id = AddJobId(*verb);
  options->targets.states = UsualStates();
  AddStateOption(*verb,
                 "Only the nodes whose task is in one of these (failed,timed-out,undelivered,lost)",
                 options->targets);
  AddExcludeOption(*verb, options->targets);
  AddSettleOption(*verb, *options);
  AddJobOptions(*verb, *options);
  // The canary may be the old job's.
  verb->get_option("--min-healthy")->remove_needs(verb->get_option("--canary"));
  verb->callback([id, options, &global, &exit_code] {
    exit_code = static_cast<int>(RetryJob(*id, *options, global));
  });
}

}  // namespace muster::cli
