// muster node show NODE - everything the controller knows of one node.
#include <memory>

#include "controller/cli/document.h"
#include "controller/cli/duration.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/health_text.h"
#include "controller/cli/names.h"
#include "controller/cli/node_text.h"
#include "controller/cli/printable.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"
#include "proto/convert.h"

namespace muster::cli {
namespace {

std::string NodeText(const v1::Node& node) {
  TextTable table;
  const auto add = [&table](const std::string& what, const std::string& text) {
    if (!text.empty()) table.AddRow({Printable(what), Printable(text)});
  };
  add("node", NodeId(node.name()));
  for (const std::string& alias : node.aliases()) add("alias", alias);
  add("role", node.role());
  add("sub role", node.sub_role());
  if (node.has_nid()) add("nid", std::to_string(node.nid()));
  add("HSM state", node.hsm_state());
  add("flags", FlagsInWords(node));
  for (const std::string& group : node.groups()) add("group", group);
  add("partition", node.partition());
  add("inventory", node.in_inventory() ? "yes" : "no, known because it attached");
  add("presence", PresenceName(node.presence()));
  if (node.has_presence_time()) add("since", FormatTime(node.presence_time()));
  add("address", node.address());
  add("agent", node.agent_version());
  add("incarnation", node.incarnation());
  add("boot id", node.boot_id());
  for (const std::string& feature : node.features()) add("feature", feature);
  if (node.has_status_time()) add("status of", FormatTime(node.status_time()));
  if (node.status().has_boot_age()) {
    add("up for", FormatDuration(FromProto(node.status().boot_age())));
  }
  for (const v1::UnitState& unit : node.status().units()) add(unit.unit(), UnitInWords(unit));
  for (const v1::MountedContent& mount : node.status().mounted()) {
    add("mounted", fmt::format("{} on {} ({})", mount.source(), mount.target(), mount.fstype()));
  }
  for (const v1::Condition& condition : node.conditions())
    add(ConditionName(condition.kind()), InWords(condition));
  for (const v1::HealthEvent& event : node.events())
    add("at " + FormatTime(event.time()), InWords(event));
  return table.Text();
}

ExitCode ShowNode(const std::string& text, const GlobalOptions& global) {
  const absl::StatusOr<std::string> name = NodeName(text);
  if (!name.ok()) return Fail(name.status());
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  v1::GetNodeRequest request;
  request.set_name(*name);
  v1::Node node;
  const absl::Status status =
      (*connection)->Call(&v1::Controller::Stub::GetNode, "show " + *name, request, node);
  if (!status.ok()) return Fail(status);
  if (global.output == OutputFormat::kTable) {
    Print(NodeText(node));
  } else {
    PrintDocument(ToJson(node), global.output);
  }
  return ExitCode::kSuccess;
}

}  // namespace

void AddNodeShow(CLI::App& node, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = node.add_subcommand("show", "Everything the controller knows of one node");
  const auto name = std::make_shared<std::string>();
  verb->add_option("NODE", *name, "Any name of the node")->required()->type_name("");
  verb->callback(
      [name, &global, &exit_code] { exit_code = static_cast<int>(ShowNode(*name, global)); });
}

}  // namespace muster::cli
