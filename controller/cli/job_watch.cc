// muster job watch ID - waits for a job that exists, as the verb that made it would have done.
#include <memory>

#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/names.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

struct WatchOptions {
  std::string id;
  WaitOptions wait;
};

ExitCode WatchJob(const WatchOptions& options, const GlobalOptions& global) {
  const absl::StatusOr<std::string> name = JobName(options.id);
  if (!name.ok()) return Fail(name.status());
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  v1::GetJobRequest request;
  request.set_name(*name);
  v1::Job job;
  const absl::Status status =
      (*connection)->Call(&v1::Controller::Stub::GetJob, "watch " + *name, request, job);
  if (!status.ok()) return Fail(status);
  return FollowJob(**connection, std::move(job), options.wait, global.output);
}

}  // namespace

void AddJobWatch(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("watch", "Wait for a job and report its result");
  const auto options = std::make_shared<WatchOptions>();
  verb->add_option("ID", options->id, "The job's id, with or without jobs/")
      ->required()
      ->type_name("");
  AddWaitOption(*verb, options->wait);
  verb->callback(
      [options, &global, &exit_code] { exit_code = static_cast<int>(WatchJob(*options, global)); });
}

}  // namespace muster::cli
