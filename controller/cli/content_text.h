// What the operator reads about a content: whether the gate is open, and what keeps it closed. Pure; any thread.
#pragma once

#include <string>

#include "controller/cli/json.h"
#include "muster/v1/controller.pb.h"

namespace muster::cli {

// Groups of nodes of the same state and reason, what keeps the gate closed first, each with its folded set and an example; what to type about
// nodes with their root on CPS; and one line with the gate.
std::string ContentText(const v1::Content& content);
Json ToJson(const v1::Content& content);

}  // namespace muster::cli
