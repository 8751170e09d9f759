#include "controller/cli/node_text.h"

#include <fmt/format.h>

#include "controller/cli/duration.h"
#include "proto/convert.h"

namespace muster::cli {

std::string PresenceName(v1::Presence presence) {
  const std::string& name = v1::Presence_Name(presence);
  if (presence == v1::PRESENCE_UNSPECIFIED) return "";
  return name.empty() ? fmt::format("PRESENCE_{}", static_cast<int>(presence))
                      : name.substr(std::string("PRESENCE_").size());
}

std::string RoleInWords(const v1::Node& node) {
  if (node.role().empty() && node.sub_role().empty()) return "-";
  return node.role() + (node.sub_role().empty() ? "" : "/" + node.sub_role());
}

std::string FlagsInWords(const v1::Node& node) {
  std::string flags = node.has_enabled() && !node.enabled() ? "disabled" : "";
  if (node.locked()) flags += flags.empty() ? "locked" : ",locked";
  return flags;
}

std::string OrcaInWords(const v1::Node& node) {
  for (const v1::UnitState& unit : node.status().units()) {
    if (unit.unit() != "cray-orca.service" && unit.unit() != "cray-dvs-orca.service") continue;
    if (unit.load_state() != "loaded") return unit.load_state();
    return fmt::format("{} ({})", unit.active_state(), unit.sub_state());
  }
  return "-";
}

std::string UnitInWords(const v1::UnitState& unit) {
  if (unit.load_state() != "loaded") return unit.load_state();
  std::string text = fmt::format("{} ({})", unit.active_state(), unit.sub_state());
  if (unit.has_active_age()) text += " for " + FormatDuration(FromProto(unit.active_age()));
  if (!unit.result().empty() && unit.result() != "success") text += ", result " + unit.result();
  if (!unit.invocation_id().empty()) text += ", invocation " + unit.invocation_id();
  if (unit.restarts() > 0) text += fmt::format(", {} automatic restarts", unit.restarts());
  if (unit.need_daemon_reload()) text += ", needs daemon-reload";
  return text;
}

}  // namespace muster::cli
