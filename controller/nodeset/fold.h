// Folding: the points of a shape become few boxes, and those a text. Pure; of this room alone.
#pragma once

#include <string>

#include "controller/nodeset/points.h"

namespace muster {

// Adds the names of a shape to `text`, after a comma if there is something before them. The rows are as SortOnce leaves them.
void AppendFolded(const std::string& shape, const Points& points, std::string& text);

}  // namespace muster
