// Which jobs get in each other's way. Pure.
#pragma once

#include "common/work.h"

namespace muster {

// Whether two pieces of work may touch the same unit of a node, or its content. ORCA's name is the node's business.
bool TouchSameUnit(const Work& a, const Work& b);

}  // namespace muster
