// What the two verbs about nodes print alike. Pure; any thread.
#pragma once

#include <string>

#include "muster/v1/controller.pb.h"

namespace muster::cli {

// "ATTACHED", "NEVER_SEEN"; "PRESENCE_99" for what this version does not know.
std::string PresenceName(v1::Presence presence);

// "Compute", "Management/Worker"; "-" if it is not known.
std::string RoleInWords(const v1::Node& node);

// "disabled,locked"; "" if it is neither.
std::string FlagsInWords(const v1::Node& node);

// "active (running)", "cray-dvs-orca.service" included where it matters; "-" if the node has told of no ORCA.
std::string OrcaInWords(const v1::Node& node);

// "active (running) for 3 min, invocation 0123…, 1 automatic restart".
std::string UnitInWords(const v1::UnitState& unit);

}  // namespace muster::cli
