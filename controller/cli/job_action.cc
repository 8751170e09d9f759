#include "controller/cli/job_action.h"

#include "controller/cli/document.h"
#include "controller/cli/follow.h"
#include "controller/cli/job_id.h"
#include "controller/cli/printable.h"

namespace muster::cli {

std::shared_ptr<std::string> AddJobId(CLI::App& verb) {
  auto id = std::make_shared<std::string>();
  verb.add_option("ID", *id,
                  "The job's id or its beginning, with or without jobs/; or last, your newest")
      ->required()
      ->type_name("");
  return id;
}

ExitCode ActOnJob(const std::string& id, const GlobalOptions& global, const JobCall& call,
                  const char* hint) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::StatusOr<std::string> name = FindJobName(**connection, id);
  if (!name.ok()) return Fail(name.status());
  v1::Job job;
  if (const absl::Status status = call(**connection, *name, job); !status.ok()) return Fail(status);
  if (global.output != OutputFormat::kTable) {
    PrintDocument(ToJson(job), global.output);
  } else {
    Print(fmt::format("{}: {}{}\n", Printable(job.name()), StateName(job.state()),
                      IsEnded(job.state()) ? "; it has ended" : hint));
  }
  return ExitCode::kSuccess;
}

}  // namespace muster::cli
