// muster job watch ID - waits for a job that exists, as the verb that made it would have done.
#include <memory>

#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/job_action.h"
#include "controller/cli/job_id.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

ExitCode WatchJob(const std::string& id, const WaitOptions& wait, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::StatusOr<std::string> name = FindJobName(**connection, id);
  if (!name.ok()) return Fail(name.status());
  v1::GetJobRequest request;
  request.set_name(*name);
  v1::Job job;
  const absl::Status status =
      (*connection)->Call(&v1::Controller::Stub::GetJob, "watch " + *name, request, job);
  if (!status.ok()) return Fail(status);
  return FollowJob(**connection, std::move(job), wait, global.output);
}

}  // namespace

void AddJobWatch(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("watch", "Wait for a job and report its result");
  const auto wait = std::make_shared<WaitOptions>();
  const std::shared_ptr<std::string> id = AddJobId(*verb);
  AddWaitOption(*verb, *wait);
  verb->callback([id, wait, &global, &exit_code] {
    exit_code = static_cast<int>(WatchJob(*id, *wait, global));
  });
}

}  // namespace muster::cli
