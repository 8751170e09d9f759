#include "controller/cli/submit.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <random>

#include "controller/cli/follow.h"
#include "controller/cli/report.h"
#include "controller/cli/wait.h"

namespace muster::cli {
namespace {

// The call may have worked although its answer never came: what the operator must know before typing it again.
ExitCode FailToCreate(const Connection& connection, const absl::Status& status,
                      const std::string& request_id) {
  const ExitCode code = Fail(status);
  const bool is_open = code == ExitCode::kUnreachable || code == ExitCode::kStoppedWaiting;
  if (is_open && connection.MayHaveArrived()) {
    fmt::print(
        stderr,
        "muster: a job may have been made; the same command with --request-id {} finds it, or "
        "makes it if there is none; `muster job list` shows the newest first\n",
        request_id);
  }
  return code;
}

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

ExitCode SubmitJob(const v1::Work& work, const JobOptions& options, const GlobalOptions& global) {
  const absl::StatusOr<v1::Targets> targets = ReadTargets(options.targets, std::cin);
  if (!targets.ok()) return Fail(targets.status());
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());

  v1::CreateJobRequest request;
  request.set_request_id(options.request_id.empty() ? MakeRequestId() : options.request_id);
  *request.mutable_work() = work;
  *request.mutable_targets() = *targets;
  *request.mutable_policy() = PolicyOf(options);
  v1::Job job;
  const absl::Status created =
      (*connection)->Call(&v1::Controller::Stub::CreateJob, WorkInWords(work), request, job);
  if (!created.ok()) return FailToCreate(**connection, created, request.request_id());
  if (options.wait.detach) return Detach(**connection, std::move(job), global.output);
  return FollowJob(**connection, std::move(job), options.wait, global.output);
}

std::string MakeRequestId() {
  std::random_device random;
  uint32_t words[4];
  for (uint32_t& word : words) word = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", words[0], words[1] >> 16,
                     words[1] & 0xfff, 0x8000 | (words[2] >> 16 & 0x3fff), words[2] & 0xffff,
                     words[3]);
}

}  // namespace muster::cli
