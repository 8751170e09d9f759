// muster job resume ID - goes on with a job that was paused. Exit code 0 once that is on the controller's disk.
#include "controller/cli/job_action.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

absl::Status Resume(Connection& connection, const std::string& name, v1::Job& job) {
  v1::ResumeJobRequest request;
  request.set_name(name);
  return connection.Call(&v1::Controller::Stub::ResumeJob, "resume " + name, request, job);
}

}  // namespace

void AddJobResume(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("resume", "Go on with a job that was paused");
  verb->callback([id = AddJobId(*verb), &global, &exit_code] {
    exit_code = static_cast<int>(ActOnJob(*id, global, Resume, ""));
  });
}

}  // namespace muster::cli
