// muster job cancel ID - starts nothing more; what runs ends as it truly ends. Exit code 0 once that is on the controller's disk.
#include <memory>

#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/json.h"
#include "controller/cli/names.h"
#include "controller/cli/printable.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

ExitCode CancelJob(const std::string& id, const GlobalOptions& global) {
  const absl::StatusOr<std::string> name = JobName(id);
  if (!name.ok()) return Fail(name.status());
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  v1::CancelJobRequest request;
  request.set_name(*name);
  v1::Job job;
  const absl::Status status =
      (*connection)->Call(&v1::Controller::Stub::CancelJob, "cancel " + *name, request, job);
  if (!status.ok()) return Fail(status);
  if (global.output == OutputFormat::kJson) {
    Print(JsonText(ToJson(job)));
  } else {
    const char* hint = IsEnded(job.state()) ? "" : "; what has started ends as it truly ends";
    Print(fmt::format("{}: {}{}\n", Printable(job.name()), StateName(job.state()), hint));
  }
  return ExitCode::kSuccess;
}

}  // namespace

void AddJobCancel(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("cancel", "Start nothing more of a job");
  const auto id = std::make_shared<std::string>();
  verb->add_option("ID", *id, "The job's id, with or without jobs/")->required()->type_name("");
  verb->callback(
      [id, &global, &exit_code] { exit_code = static_cast<int>(CancelJob(*id, global)); });
}

}  // namespace muster::cli
