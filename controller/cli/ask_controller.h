// What the controller knows that can be typed: nodes, roles, jobs. For the completion of shells, which must not make anybody wait. Main thread.
#pragma once

#include <vector>

#include "controller/cli/completion.h"

namespace muster::cli {

// Within a second, all pages together; what is not known by then is left out, and nothing is said about it.
std::vector<Candidate> KnownByController(Known what, const ConnectionOptions& where);

// What is typed goes before the environment, and that before `settings`.
ConnectionOptions WithTyped(const ConnectionOptions& settings, const TypedConnection& typed);

}  // namespace muster::cli
