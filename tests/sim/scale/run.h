// A run at scale: every agent attaches, one job restarts ORCA on all nodes, the controller is started anew in the middle of it, and a
// second job is cancelled as soon as it has begun. What it costs is measured; how every task ended is checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::sim {

// One line of the table.
struct Figure {
  std::string name;
  std::string value;
};

struct ScaleResult {
  std::vector<Figure> figures;
  std::string failure;  // empty: all is as it must be
};

// With its store in `dir`, which is empty.
ScaleResult RunAtScale(uint32_t nodes, const std::string& dir);

}  // namespace muster::sim
