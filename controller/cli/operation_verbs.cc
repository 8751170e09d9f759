// muster operation list | show ID | watch ID | cancel ID
#include <algorithm>
#include <memory>

#include "controller/cli/document.h"
#include "controller/cli/follow.h"
#include "controller/cli/follow_operation.h"
#include "controller/cli/list_limit.h"
#include "controller/cli/operation_id.h"
#include "controller/cli/operation_text.h"
#include "controller/cli/pager.h"
#include "controller/cli/paging.h"
#include "controller/cli/printable.h"
#include "controller/cli/terminal.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

// The connection, and the operation that was named.
struct Found {
  std::unique_ptr<Connection> connection;
  std::string name;
};

absl::StatusOr<Found> Find(const std::string& id, const GlobalOptions& global) {
  absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Open(global.connection);
  MUSTER_RETURN_IF_ERROR(connection.status());
  absl::StatusOr<std::string> name = FindOperationName(**connection, id);
  MUSTER_RETURN_IF_ERROR(name.status());
  return Found{std::move(*connection), std::move(*name)};
}

absl::StatusOr<v1::Operation> Get(const Found& found, const char* what) {
  v1::GetOperationRequest request;
  request.set_name(found.name);
  v1::Operation operation;
  MUSTER_RETURN_IF_ERROR(found.connection->Call(&v1::Controller::Stub::GetOperation,
                                                fmt::format("{} {}", what, found.name), request,
                                                operation));
  return operation;
}

struct ListedOperations {
  std::vector<v1::Operation> operations;
  bool has_more = false;
};

absl::StatusOr<ListedOperations> FetchOperations(size_t limit, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  MUSTER_RETURN_IF_ERROR(connection.status());
  ListedOperations listed;
  v1::ListOperationsRequest request;
  do {
    const size_t missing = limit - listed.operations.size();
    request.set_page_size(static_cast<uint32_t>(std::min<size_t>(kPageSize, missing)));
    v1::ListOperationsResponse response;
    MUSTER_RETURN_IF_ERROR(
        (*connection)
            ->Call(&v1::Controller::Stub::ListOperations, "list operations", request, response));
    request.set_page_token(response.next_page_token());
    listed.operations.insert(listed.operations.end(), response.operations().begin(),
                             response.operations().end());
    listed.has_more = !response.next_page_token().empty() && !response.operations().empty();
  } while (listed.has_more && listed.operations.size() < limit);
  return listed;
}

ExitCode List(const ListLimit& limit, const GlobalOptions& global) {
  const absl::StatusOr<ListedOperations> listed =
      FetchOperations(limit.CountFor(global.output), global);
  if (!listed.ok()) return Fail(listed.status());
  if (global.output != OutputFormat::kTable) {
    Json list = Json::array();
    for (const v1::Operation& operation : listed->operations) list.push_back(ToJson(operation));
    PrintDocument({{"operations", std::move(list)}}, global.output, "/operations");
    return ExitCode::kSuccess;
  }
  TextTable table({2});
  table.AddRow({"OPERATION", "STATE", "NODES", "BY", "CREATED"});
  for (const v1::Operation& operation : listed->operations) {
    table.AddRow({Printable(operation.name()), StateName(operation.state()),
                  std::to_string(TargetCount(operation)), Printable(operation.created_by()),
                  FormatTime(operation.create_time())});
  }
  PrintPaged(table.Text(SizeOfScreenText().columns), !global.no_pager);
  if (listed->has_more) TellThereIsMore(listed->operations.size());
  return ExitCode::kSuccess;
}

ExitCode Show(const std::string& id, const GlobalOptions& global) {
  const absl::StatusOr<Found> found = Find(id, global);
  if (!found.ok()) return Fail(found.status());
  const absl::StatusOr<v1::Operation> operation = Get(*found, "show");
  if (!operation.ok()) return Fail(operation.status());
  PrintOperation(*found->connection, *operation, global.output);
  return IsEnded(operation->state()) ? ExitCodeOf(*operation) : ExitCode::kSuccess;
}

ExitCode Watch(const std::string& id, const WaitOptions& wait, const GlobalOptions& global) {
  const absl::StatusOr<Found> found = Find(id, global);
  if (!found.ok()) return Fail(found.status());
  absl::StatusOr<v1::Operation> operation = Get(*found, "watch");
  if (!operation.ok()) return Fail(operation.status());
  return FollowOperation(*found->connection, std::move(*operation), wait, global.output);
}

ExitCode Cancel(const std::string& id, const GlobalOptions& global) {
  const absl::StatusOr<Found> found = Find(id, global);
  if (!found.ok()) return Fail(found.status());
  v1::CancelOperationRequest request;
  request.set_name(found->name);
  v1::Operation operation;
  const absl::Status status = found->connection->Call(&v1::Controller::Stub::CancelOperation,
                                                      "cancel " + found->name, request, operation);
  if (!status.ok()) return Fail(status);
  if (global.output != OutputFormat::kTable) {
    PrintDocument(ToJson(operation), global.output);
  } else {
    Print(fmt::format(
        "{}: {}; {}\n", Printable(operation.name()), StateName(operation.state()),
        IsEnded(operation.state()) ? "it has ended" : "what has started ends as it truly ends"));
  }
  return ExitCode::kSuccess;
}

}  // namespace

void AddOperationVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* group = app.add_subcommand("operation", "Operations: list, show, watch, cancel")
                        ->require_subcommand(1);
  CLI::App* list = group->add_subcommand("list", "The newest operations first");
  const auto limit = std::make_shared<ListLimit>();
  AddLimitOptions(*list, *limit);
  list->callback(
      [limit, &global, &exit_code] { exit_code = static_cast<int>(List(*limit, global)); });
  CLI::App* show = group->add_subcommand("show", "An operation's steps and its job's tasks");
  show->callback([id = AddOperationId(*show), &global, &exit_code] {
    exit_code = static_cast<int>(Show(*id, global));
  });
  CLI::App* watch = group->add_subcommand("watch", "Wait for an operation and report its result");
  const auto wait = std::make_shared<WaitOptions>();
  watch->callback([id = AddOperationId(*watch), wait, &global, &exit_code] {
    exit_code = static_cast<int>(Watch(*id, *wait, global));
  });
  AddWaitOption(*watch, *wait);
  CLI::App* cancel = group->add_subcommand("cancel", "Start nothing more of an operation");
  cancel->callback([id = AddOperationId(*cancel), &global, &exit_code] {
    exit_code = static_cast<int>(Cancel(*id, global));
  });
}

}  // namespace muster::cli
