// What the controller knows that can be typed: nodes, roles, jobs. For the completion of shells, which must not make anybody wait. Main thread.
#pragma once

#include <vector>

#include "controller/cli/completion.h"

namespace muster::cli {

// Within a second; what is not known by then is left out, and nothing is said about it.
std::vector<Candidate> KnownByController(Known what, const TypedConnection& where);

}  // namespace muster::cli
