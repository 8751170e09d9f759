// muster job list - the newest jobs first.
#include <algorithm>
#include <memory>

#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/paging.h"
#include "controller/cli/printable.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

constexpr uint32_t kDefaultLimit = 20;
constexpr uint32_t kMaxLimit = 100'000;

std::vector<std::string> Row(const v1::Job& job) {
  uint64_t succeeded = 0;
  uint64_t not_applicable = 0;
  uint64_t failed = 0;
  for (const auto& [state, count] : CountsOf(job)) {
    const bool is_done =
        state == v1::TASK_STATE_SUCCEEDED || state == v1::TASK_STATE_ALREADY_SATISFIED;
    uint64_t& column = is_done                                  ? succeeded
                       : state == v1::TASK_STATE_NOT_APPLICABLE ? not_applicable
                                                                : failed;
    if (IsEnded(state)) column += count;
  }
  return {Printable(job.name()),
          StateName(job.state()),
          Printable(WorkInWords(job.work())),
          std::to_string(job.task_count()),
          std::to_string(succeeded),
          std::to_string(not_applicable),
          std::to_string(failed),
          Printable(job.created_by()),
          FormatTime(job.create_time())};
}

void PrintList(const std::vector<v1::Job>& jobs, OutputFormat output) {
  if (output != OutputFormat::kTable) {
    Json list = Json::array();
    for (const v1::Job& job : jobs) list.push_back(ToJson(job));
    return PrintDocument({{"jobs", std::move(list)}}, output, "/jobs");
  }
  TextTable table({3, 4, 5, 6});
  table.AddRow({"JOB", "STATE", "WORK", "NODES", "OK", "N/A", "NOT OK", "BY", "CREATED"});
  for (const v1::Job& job : jobs) table.AddRow(Row(job));
  Print(table.Text());
}

ExitCode ListJobs(uint32_t limit, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  std::vector<v1::Job> jobs;
  v1::ListJobsRequest request;
  v1::ListJobsResponse response;
  do {
    request.set_page_size(std::min<uint32_t>(kPageSize, limit - jobs.size()));
    request.set_page_token(response.next_page_token());
    response.Clear();
    const absl::Status status =
        (*connection)->Call(&v1::Controller::Stub::ListJobs, "list jobs", request, response);
    if (!status.ok()) return Fail(status);
    jobs.insert(jobs.end(), response.jobs().begin(), response.jobs().end());
  } while (!response.next_page_token().empty() && !response.jobs().empty() && jobs.size() < limit);
  PrintList(jobs, global.output);
  return ExitCode::kSuccess;
}

}  // namespace

void AddJobList(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("list", "The newest jobs first");
  const auto limit = std::make_shared<uint32_t>(kDefaultLimit);
  verb->add_option("--limit", *limit, "At most so many (20)")
      ->check(CLI::Range(1u, kMaxLimit))
      ->type_name("N");
  verb->callback(
      [limit, &global, &exit_code] { exit_code = static_cast<int>(ListJobs(*limit, global)); });
}

}  // namespace muster::cli
