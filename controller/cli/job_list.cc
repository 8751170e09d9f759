// muster job list [--state LIST] [--since TIME] [--until TIME] [--by USER] - the newest jobs first.
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/job_id.h"
#include "controller/cli/list_limit.h"
#include "controller/cli/pager.h"
#include "controller/cli/paging.h"
#include "controller/cli/policy_text.h"
#include "controller/cli/printable.h"
#include "controller/cli/terminal.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

struct ListOptions {
  v1::ListJobsRequest request;  // what was typed of it
  ListLimit limit;
  bool is_own = false;  // --by me
};

struct Listed {
  std::vector<v1::Job> jobs;
  bool has_more = false;
};

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

void PrintList(const Listed& listed, const GlobalOptions& global) {
  if (global.output != OutputFormat::kTable) {
    Json list = Json::array();
    for (const v1::Job& job : listed.jobs) list.push_back(ToJson(job));
    return PrintDocument({{"jobs", std::move(list)}}, global.output, "/jobs");
  }
  TextTable table({3, 4, 5, 6});
  table.AddRow({"JOB", "STATE", "WORK", "NODES", "OK", "N/A", "NOT OK", "BY", "CREATED"});
  for (const v1::Job& job : listed.jobs) table.AddRow(Row(job));
  PrintPaged(table.Text(SizeOfScreenText().columns), !global.no_pager);
  if (listed.has_more) TellThereIsMore(listed.jobs.size());
}

absl::StatusOr<std::string> OwnName(const ConnectionOptions& options) {
  const std::vector<std::string> names = OwnNames(options.tls_dir);
  if (names.size() == 1) return names.front();
  if (names.empty()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "--by me: {}/cert.pem has no operator's name; type --by NAME",
                      options.tls_dir);
  }
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "--by me: your certificate has several names; type --by with one of {}",
                    fmt::join(names, ", "));
}

absl::StatusOr<Listed> FetchJobs(const ListOptions& options, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  MUSTER_RETURN_IF_ERROR(connection.status());
  v1::ListJobsRequest request = options.request;
  if (options.is_own) {
    const absl::StatusOr<std::string> name = OwnName(global.connection);
    MUSTER_RETURN_IF_ERROR(name.status());
    request.set_created_by(*name);
  }
  const size_t limit = options.limit.CountFor(global.output);
  Listed listed;
  do {
    const size_t missing = limit - listed.jobs.size();
    request.set_page_size(static_cast<uint32_t>(std::min<size_t>(kPageSize, missing)));
    v1::ListJobsResponse response;
    MUSTER_RETURN_IF_ERROR(
        (*connection)->Call(&v1::Controller::Stub::ListJobs, "list jobs", request, response));
    request.set_page_token(response.next_page_token());
    listed.jobs.insert(listed.jobs.end(), response.jobs().begin(), response.jobs().end());
    listed.has_more = !response.next_page_token().empty() && !response.jobs().empty();
  } while (listed.has_more && listed.jobs.size() < limit);
  return listed;
}

ExitCode ListJobs(const ListOptions& options, const GlobalOptions& global) {
  const absl::StatusOr<Listed> listed = FetchJobs(options, global);
  if (!listed.ok()) return Fail(listed.status());
  PrintList(*listed, global);
  return ExitCode::kSuccess;
}

// "Now" is this machine's for what is given as an age.
google::protobuf::Timestamp TimeOf(const Since& since) {
  if (since.time) return *since.time;
  using google::protobuf::util::TimeUtil;
  return TimeUtil::GetCurrentTime() - ToProto(*since.age);
}

void AddTime(CLI::App& verb, const std::string& name, const std::string& help,
             std::function<void(const google::protobuf::Timestamp&)> set) {
  const auto read = [name, set = std::move(set)](const std::string& text) {
    const absl::StatusOr<Since> since = ParseSince(text);
    if (!since.ok()) throw CLI::ValidationError(name, Message(since.status()));
    set(TimeOf(*since));
  };
  verb.add_option_function<std::string>(name, read, help)->type_name("TIME");
}

void AddFilters(CLI::App& verb, ListOptions& options) {
  v1::ListJobsRequest& request = options.request;
  const auto read_states = [&request](const std::string& text) {
    const absl::StatusOr<std::vector<v1::JobState>> states = ParseJobStates(text);
    if (!states.ok()) throw CLI::ValidationError("--state", Message(states.status()));
    request.mutable_states()->Assign(states->begin(), states->end());
  };
  verb.add_option_function<std::string>(
          "--state", read_states,
          "Those in one of these: running, paused, cancelling, succeeded, failed, cancelled")
      ->type_name("LIST");
  AddTime(verb, "--since",
          "Those made at or after this: 2026-11-21T08:04:11Z, \"2026-11-21 08:04\" in local time, "
          "or how long ago, 30min or 7d",
          [&request](const auto& time) { *request.mutable_created_from() = time; });
  AddTime(verb, "--until", "Those made before this",
          [&request](const auto& time) { *request.mutable_created_before() = time; });
  verb.add_option_function<std::string>(
          "--by",
          [&options](const std::string& name) {
            options.is_own = name == "me";
            options.request.set_created_by(options.is_own ? "" : name);
          },
          "Those of this operator; me: your own")
      ->type_name("USER");
}

}  // namespace

void AddJobList(CLI::App& job, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = job.add_subcommand("list", "The newest jobs first");
  const auto options = std::make_shared<ListOptions>();
  AddFilters(*verb, *options);
  AddLimitOptions(*verb, options->limit);
  verb->callback(
      [options, &global, &exit_code] { exit_code = static_cast<int>(ListJobs(*options, global)); });
}

}  // namespace muster::cli
