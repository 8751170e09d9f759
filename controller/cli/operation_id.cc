#include "controller/cli/operation_id.h"

#include <algorithm>
#include <vector>

#include "common/uuid.h"
#include "controller/cli/paging.h"

namespace muster::cli {
namespace {

constexpr char kPrefix[] = "operations/";
// As many as the controller keeps.

}  // namespace

std::shared_ptr<std::string> AddOperationId(CLI::App& verb) {
  auto id = std::make_shared<std::string>();
  verb.add_option(
          "ID", *id,
          "The operation's id or its beginning, with or without operations/; or last, the newest")
      ->required()
      ->type_name("");
  return id;
}

absl::StatusOr<std::string> FindOperationName(Connection& connection, const std::string& text) {
  const std::string name = text.starts_with(kPrefix) ? text : kPrefix + text;
  if (IsUuid(name.substr(sizeof(kPrefix) - 1))) return name;
  v1::ListOperationsRequest request;
  request.set_page_size(kPageSize);
  v1::ListOperationsResponse response;
  MUSTER_RETURN_IF_ERROR(
      connection.Call(&v1::Controller::Stub::ListOperations, "list operations", request, response));
  std::vector<std::string> found;
  for (const v1::Operation& operation : response.operations()) {
    if (text == "last" || operation.name().starts_with(name)) found.push_back(operation.name());
    if (text == "last") break;
  }
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
