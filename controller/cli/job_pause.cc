// muster job pause ID - starts nothing more until it is resumed; what runs ends as it truly ends. Exit code 0 once that is on the
// controller's disk.
#include "controller/cli/job_action.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

absl::Status Pause(Connection& connection, const std::string& name, v1::Job& job) {
  v1::PauseJobRequest request;
  request.set_name(name);
  return connection.Call(&v1::Controller::Stub::PauseJob, "pause " + name, request, job);
}

}  // namespace

void AddJobPause(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("pause", "Start nothing more of a job until it is resumed");
  verb->callback([id = AddJobId(*verb), &global, &exit_code] {
    exit_code = static_cast<int>(
        ActOnJob(*id, global, Pause,
                 "; what has started ends as it truly ends, `muster job resume` starts the rest"));
  });
}

}  // namespace muster::cli
