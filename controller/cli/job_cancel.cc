// muster job cancel ID - starts nothing more; what runs ends as it truly ends. Exit code 0 once that is on the controller's disk.
#include "controller/cli/job_action.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

absl::Status Cancel(Connection& connection, const std::string& name, v1::Job& job) {
  v1::CancelJobRequest request;
  request.set_name(name);
  return connection.Call(&v1::Controller::Stub::CancelJob, "cancel " + name, request, job);
}

}  // namespace

void AddJobCancel(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("cancel", "Start nothing more of a job");
  verb->callback([id = AddJobId(*verb), &global, &exit_code] {
    exit_code =
        static_cast<int>(ActOnJob(*id, global, Cancel, "; what has started ends as it truly ends"));
  });
}

}  // namespace muster::cli
