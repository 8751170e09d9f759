// muster resubscribe TARGETS - every node's ORCA is restarted at the pace that HMNFD takes, until HMNFD has a subscription of each. With
// --no-verify it is a restart and no more.
#include <iostream>
#include <memory>

#include "common/uuid.h"
#include "controller/cli/baseline.h"
#include "controller/cli/job_id.h"
#include "controller/cli/policy_options.h"
#include "controller/cli/submit.h"
#include "controller/cli/verbs.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

constexpr char kProof[] = "Proof";

struct ResubscribeOptions {
  JobOptions job;
  bool no_verify = false;
  std::string baseline;
  v1::Resubscription wanted;  // what was typed of it
};

ExitCode SubmitRestart(const ResubscribeOptions& options, const GlobalOptions& global) {
  v1::Work work;
  work.mutable_restart_unit()->set_well_known(v1::WELL_KNOWN_UNIT_ORCA);
  if (options.job.settle)
    *work.mutable_restart_unit()->mutable_settle() = ToProto(*options.job.settle);
  return SubmitJob(work, options.job, global);
}

absl::StatusOr<v1::Resubscription> Wanted(const ResubscribeOptions& options) {
  v1::Resubscription wanted = options.wanted;
  *wanted.mutable_policy() = WithoutZeros(options.job.policy);
  if (options.job.settle) *wanted.mutable_settle() = ToProto(*options.job.settle);
  if (options.baseline.empty()) return wanted;
  absl::StatusOr<std::vector<v1::Subscriber>> baseline = ReadBaseline(options.baseline);
  MUSTER_RETURN_IF_ERROR(baseline.status());
  wanted.mutable_baseline()->Assign(baseline->begin(), baseline->end());
  return wanted;
}

ExitCode Resubscribe(const ResubscribeOptions& options, const GlobalOptions& global) {
  if (options.no_verify) return SubmitRestart(options, global);
  absl::StatusOr<v1::Targets> targets = ReadTargets(options.job.targets, std::cin);
  if (!targets.ok()) return Fail(targets.status());
  const absl::StatusOr<v1::Resubscription> wanted = Wanted(options);
  if (!wanted.ok()) return Fail(wanted.status());
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::Status found = ResolveJobIds(**connection, *targets);
  if (!found.ok()) return Fail(found);
  v1::CreateOperationRequest request;
  request.set_request_id(options.job.request_id.empty() ? NewUuid() : options.job.request_id);
  *request.mutable_targets() = *targets;
  *request.mutable_resubscription() = *wanted;
  request.set_validate_only(options.job.dry_run);
  return SubmitOperation(**connection, "resubscribe", request, options.job, global.output);
}

void AddProofOptions(CLI::App& verb, ResubscribeOptions& options) {
  v1::Resubscription& wanted = options.wanted;
  CLI::Option* no_verify = verb.add_flag(
      "--no-verify", options.no_verify,
      "Restart and no more: HMNFD is not asked, and a node that stays up has succeeded");
  no_verify->group(kProof);
  const auto add_flag = [&](const char* name, const char* help, auto set) {
    verb.add_flag_callback(name, set, help)
        ->disable_flag_override()
        ->excludes(no_verify)
        ->group(kProof);
  };
  add_flag("--only-missing", "Of the nodes, those that HMNFD has no subscription of",
           [&wanted] { wanted.set_only_missing(true); });
  add_flag("--restart-hmnfd", "If HMNFD is not ready, restart it with kubectl",
           [&wanted] { wanted.set_restart_hmnfd(true); });
  add_flag("--restart-bss", "If BSS's own subscription is missing, restart BSS with kubectl",
           [&wanted] { wanted.set_restart_bss(true); });
  verb.add_option("--baseline", options.baseline,
                  "Who was subscribed before, from `muster subscriptions save`: a node in it must "
                  "have all its agents again")
      ->excludes(no_verify)
      ->type_name("FILE")
      ->group(kProof);
  const auto add_pace = [&](const char* name, const char* help, auto set) {
    verb.add_option_function<uint32_t>(name, set, help)
        ->check(CLI::Range(1u, 100'000u))
        ->excludes(no_verify)
        ->type_name("N")
        ->group(kProof);
  };
  add_pace("--floor", "Restarts a second that HMNFD is always given (5)",
           [&wanted](uint32_t n) { wanted.set_floor(n); });
  add_pace("--ceiling", "And at most, however quick it is (500)",
           [&wanted](uint32_t n) { wanted.set_ceiling(n); });
  AddDuration(verb, "--second-look",
              "A subscription counts when HMNFD still has it so long after it was first seen (15s)",
              false, [&wanted](Duration d) { *wanted.mutable_second_look() = ToProto(d); })
      ->excludes(no_verify)
      ->group(kProof);
  AddDuration(verb, "--appear-within",
              "How long HMNFD may go on without a restarted node's subscription (30s)", false,
              [&wanted](Duration d) { *wanted.mutable_appear_within() = ToProto(d); })
      ->excludes(no_verify)
      ->group(kProof);
}

}  // namespace

void AddResubscribe(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = app.add_subcommand(
      "resubscribe", "Restart ORCA on nodes until HMNFD has a subscription of each");
  const auto options = std::make_shared<ResubscribeOptions>();
  AddTargetOptions(*verb, options->job.targets);
  AddProofOptions(*verb, *options);
  AddSettleOption(*verb, options->job);
  AddJobOptions(*verb, options->job);
  verb->callback([options, &global, &exit_code] {
    exit_code = static_cast<int>(Resubscribe(*options, global));
  });
}

}  // namespace muster::cli
