// Operations as operators name them where an ID is asked for. Main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "common/status.h"
#include "controller/cli/connection.h"

namespace muster::cli {

// Adds the argument ID. The string outlives the parse with the verb's callback.
std::shared_ptr<std::string> AddOperationId(CLI::App& verb);

// As FindJobName: the whole id, its beginning, with or without operations/, or `last`, the newest that was made with this
// certificate's name. NOT_FOUND also for a beginning that no id has.
absl::StatusOr<std::string> FindOperationName(Connection& connection, const std::string& text);

}  // namespace muster::cli
