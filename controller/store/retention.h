// Which ended jobs stay, with their tasks. Plain data.
#pragma once

#include <cstddef>

#include "common/time.h"

namespace muster {

// One that has not ended always stays.
struct Retention {
  size_t jobs = 1000;                    // those that ended last; at least 1
  Duration age = std::chrono::days(90);  // since their end
  // Of what happened to the fleet (see fleet/history.h).
  Duration history = std::chrono::days(30);
};

}  // namespace muster
