// muster job show ID - a job and all its tasks as they are now. Exit code 0 while it runs, then as for the verb that made it.
#include <memory>

#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/job_action.h"
#include "controller/cli/job_id.h"
#include "controller/cli/pager.h"
#include "controller/cli/policy_text.h"
#include "controller/cli/printable.h"
#include "controller/cli/report.h"
#include "controller/cli/terminal.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"
#include "controller/cli/wait.h"

namespace muster::cli {
namespace {

std::string Header(const v1::Job& job) {
  TextTable table;
  const auto add = [&table](const char* what, const std::string& text) {
    if (!text.empty()) table.AddRow({what, Printable(text)});
  };
  add("job", job.name());
  add("work", WorkInWords(job.work()));
  add("policy", PolicyInWords(job.policy()));
  add("created", fmt::format("{} by {}", FormatTime(job.create_time()), job.created_by()));
  if (job.has_end_time()) add("ended", FormatTime(job.end_time()));
  add("state", StateName(job.state()));
  add("operation", job.operation());
  add("detail", job.detail());
  return table.Text(SizeOfScreenText().columns) + "\n";
}

absl::StatusOr<JobView> FetchJob(const std::string& id, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  MUSTER_RETURN_IF_ERROR(connection.status());
  const absl::StatusOr<std::string> name = FindJobName(**connection, id);
  MUSTER_RETURN_IF_ERROR(name.status());
  v1::GetJobRequest request;
  request.set_name(*name);
  JobView view;
  MUSTER_RETURN_IF_ERROR(
      (*connection)->Call(&v1::Controller::Stub::GetJob, "show " + *name, request, view.job));
  MUSTER_RETURN_IF_ERROR(FetchTasks(**connection, view));
  return view;
}

ExitCode ShowJob(const std::string& id, const GlobalOptions& global) {
  const absl::StatusOr<JobView> view = FetchJob(id, global);
  if (!view.ok()) return Fail(view.status());
  if (global.output == OutputFormat::kTable) {
    PrintPaged(Header(view->job) + ReportText(*view), !global.no_pager);
  } else {
    PrintJob(*view, global.output);
  }
  return IsEnded(view->job.state()) ? ExitCodeOf(view->Counts()) : ExitCode::kSuccess;
}

}  // namespace

void AddJobShow(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("show", "A job and its tasks as they are now");
  const std::shared_ptr<std::string> id = AddJobId(*verb);
  verb->callback([id, &global, &exit_code] { exit_code = static_cast<int>(ShowJob(*id, global)); });
}

}  // namespace muster::cli
