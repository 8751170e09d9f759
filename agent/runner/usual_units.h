// The units whose state every agent tells. Pure.
#pragma once

#include <string>
#include <vector>

namespace muster {

// ORCA, under each of its names, and SPIRE.
inline std::vector<std::string> UsualUnits() {
  return {"cray-orca.service", "cray-dvs-orca.service", "spire-agent.service"};
}

}  // namespace muster
