// muster job delete ID - forgets an ended job and its tasks. Exit code 0 once that is on the controller's disk.
#include "controller/cli/document.h"
#include "controller/cli/follow.h"
#include "controller/cli/job_action.h"
#include "controller/cli/job_id.h"
#include "controller/cli/printable.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

ExitCode DeleteJob(const std::string& id, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::StatusOr<std::string> name = FindJobName(**connection, id);
  if (!name.ok()) return Fail(name.status());
  v1::DeleteJobRequest request;
  request.set_name(*name);
  google::protobuf::Empty nothing;
  const absl::Status status =
      (*connection)->Call(&v1::Controller::Stub::DeleteJob, "delete " + *name, request, nothing);
  if (!status.ok()) return Fail(status);
  if (global.output != OutputFormat::kTable) {
    PrintDocument({{"name", *name}, {"deleted", true}}, global.output);
  } else {
    Print(Printable(*name) + ": deleted\n");
  }
  return ExitCode::kSuccess;
}

}  // namespace

void AddJobDelete(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("delete", "Forget a job that has ended, and its tasks");
  verb->callback([id = AddJobId(*verb), &global, &exit_code] {
    exit_code = static_cast<int>(DeleteJob(*id, global));
  });
}

}  // namespace muster::cli
