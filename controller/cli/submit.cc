#include "controller/cli/submit.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "common/uuid.h"
#include "controller/cli/document.h"
#include "controller/cli/follow.h"
#include "controller/cli/follow_operation.h"
#include "controller/cli/job_id.h"
#include "controller/cli/names.h"
#include "controller/cli/operation_text.h"
#include "controller/cli/plan_text.h"
#include "controller/cli/policy_options.h"
#include "controller/cli/report.h"
#include "controller/cli/terminal.h"
#include "controller/cli/wait.h"

namespace muster::cli {
namespace {

ExitCode Detach(Connection& connection, v1::Job job, OutputFormat output) {
  JobView view{std::move(job), {}};
  if (output == OutputFormat::kTable) {
    Print(view.job.name() + "\n");
    fmt::print(stderr, "muster: {}\n", StartLine(view));
    return ExitCode::kSuccess;
  }
  // The job is durable, whatever the list says.
  if (const absl::Status status = FetchTasks(connection, view); !status.ok()) Fail(status);
  PrintJob(view, output);
  return ExitCode::kSuccess;
}

}  // namespace

// The call may have worked although its answer never came: what the operator must know before typing it again.
ExitCode FailToCreate(const Connection& connection, const absl::Status& status,
                      const std::string& request_id, const char* what) {
  const ExitCode code = Fail(status);
  const bool is_open = code == ExitCode::kUnreachable || code == ExitCode::kStoppedWaiting;
  if (is_open && connection.MayHaveArrived()) {
    fmt::print(
        stderr,
        "muster: the {} may have been made; the same command with --request-id {} finds it, or "
        "makes it if there is none; `muster {} list` shows the newest first\n",
        what, request_id, what);
  }
  return code;
}

ExitCode ShowPlan(const v1::Job& job, OutputFormat output) {
  if (output == OutputFormat::kTable) {
    Print(PlanText(job, SizeOfScreenText().columns));
  } else {
    PrintDocument(PlanToJson(job), output);
  }
  return ExitCode::kSuccess;
}

ExitCode SubmitJob(Connection& connection, const v1::Work& work, const v1::Targets& targets,
                   const JobOptions& options, const GlobalOptions& global) {
  v1::CreateJobRequest request;
  request.set_request_id(options.request_id.empty() ? NewUuid() : options.request_id);
  *request.mutable_work() = work;
  *request.mutable_targets() = targets;
  *request.mutable_policy() = WithoutZeros(options.policy);
  request.set_validate_only(options.dry_run);
  v1::Job job;
  const absl::Status created =
      connection.Call(&v1::Controller::Stub::CreateJob, WorkInWords(work), request, job);
  if (!created.ok() && options.dry_run) return Fail(created);
  if (!created.ok()) return FailToCreate(connection, created, request.request_id(), "job");
  if (options.dry_run) return ShowPlan(job, global.output);
  if (options.wait.detach) return Detach(connection, std::move(job), global.output);
  return FollowJob(connection, std::move(job), options.wait, global.output);
}

ExitCode SubmitOperation(Connection& connection, const char* what,
                         const v1::CreateOperationRequest& request, const JobOptions& options,
                         OutputFormat output) {
  v1::Operation operation;
  const absl::Status created =
      connection.Call(&v1::Controller::Stub::CreateOperation, what, request, operation);
  if (!created.ok() && options.dry_run) return Fail(created);
  if (!created.ok()) return FailToCreate(connection, created, request.request_id(), "operation");
  if (options.dry_run) return ShowPlan(operation.job(), output);
  if (!options.wait.detach)
    return FollowOperation(connection, std::move(operation), options.wait, output);
  if (output == OutputFormat::kTable) {
    Print(operation.name() + "\n");
  } else {
    PrintDocument(ToJson(operation), output);
  }
  fmt::print(stderr, "muster: {}\n", StartLine(operation));
  return ExitCode::kSuccess;
}

ExitCode SubmitJob(const v1::Work& work, const JobOptions& options, const GlobalOptions& global) {
  absl::StatusOr<v1::Targets> targets = ReadTargets(options.targets, std::cin);
  if (!targets.ok()) return Fail(targets.status());
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::Status found = ResolveJobIds(**connection, *targets);
  if (!found.ok()) return Fail(found);
  return SubmitJob(**connection, work, *targets, options, global);
}

}  // namespace muster::cli
