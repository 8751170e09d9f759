#include "controller/cli/operation_id.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "common/uuid.h"
#include "controller/cli/job_id.h"
#include "controller/cli/paging.h"

namespace muster::cli {
namespace {

constexpr char kPrefix[] = "operations/";

// The newest first, page by page, until `take` has enough and says false.
absl::Status ForEachOperation(Connection& connection,
                              const std::function<bool(const v1::Operation&)>& take) {
  v1::ListOperationsRequest request;
  request.set_page_size(kPageSize);
  for (int page = 0; page < kMaxPages; ++page) {
    v1::ListOperationsResponse response;
    MUSTER_RETURN_IF_ERROR(connection.Call(&v1::Controller::Stub::ListOperations, "list operations",
                                           request, response));
    for (const v1::Operation& operation : response.operations()) {
      if (!take(operation)) return absl::OkStatus();
    }
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> NewestOwnOperation(Connection& connection) {
  const std::vector<std::string> names = OwnNames(connection.options().tls_dir);
  std::string found;
  MUSTER_RETURN_IF_ERROR(ForEachOperation(connection, [&](const v1::Operation& operation) {
    const bool is_own =
        std::find(names.begin(), names.end(), operation.created_by()) != names.end();
    if (is_own) found = operation.name();
    return !is_own;
  }));
  if (!found.empty()) return found;
  return MakeStatus(absl::StatusCode::kNotFound,
                    "last: there is no operation of {}; see `muster operation list`",
                    names.empty() ? "yours" : fmt::format("{}", fmt::join(names, " or ")));
}

}  // namespace

std::shared_ptr<std::string> AddOperationId(CLI::App& verb) {
  auto id = std::make_shared<std::string>();
  verb.add_option(
          "ID", *id,
          "The operation's id or its beginning, with or without operations/; or last, your newest")
      ->required()
      ->type_name("");
  return id;
}

absl::StatusOr<std::string> FindOperationName(Connection& connection, const std::string& text) {
  if (text == "last") return NewestOwnOperation(connection);
  const std::string name = text.starts_with(kPrefix) ? text : kPrefix + text;
  if (IsUuid(name.substr(sizeof(kPrefix) - 1))) return name;
  std::vector<std::string> found;
  MUSTER_RETURN_IF_ERROR(ForEachOperation(connection, [&](const v1::Operation& operation) {
    if (operation.name().starts_with(name)) found.push_back(operation.name());
    return true;
  }));
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return MakeStatus(absl::StatusCode::kNotFound,
                      "\"{}\" is no operation's id, nor the beginning of one, nor `last`; see "
                      "`muster operation list`",
                      text);
  }
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "{} is the beginning of {} operations' ids; type more of it", text,
                    found.size());
}

}  // namespace muster::cli
