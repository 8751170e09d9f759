// muster node list [TARGETS] - the nodes the controller knows, one line each.
#include <algorithm>
#include <iostream>
#include <memory>

#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/job_id.h"
#include "controller/cli/names.h"
#include "controller/cli/node_fetch.h"
#include "controller/cli/node_text.h"
#include "controller/cli/pager.h"
#include "controller/cli/printable.h"
#include "controller/cli/terminal.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"

namespace muster::cli {
namespace {

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

bool IsInHsm(const v1::Node& node) { return node.has_enabled(); }

bool HasFlags(const v1::Node& node) { return !FlagsInWords(node).empty(); }

std::string NidInWords(const v1::Node& node) {
  return node.has_nid() ? std::to_string(node.nid()) : "-";
}

std::string HsmStateInWords(const v1::Node& node) {
  return node.hsm_state().empty() ? "-" : Printable(node.hsm_state());
}

void PrintList(const std::vector<v1::Node>& nodes, const GlobalOptions& global) {
  if (global.output != OutputFormat::kTable) {
    Json list = Json::array();
    for (const v1::Node& node : nodes) list.push_back(ToJson(node));
    return PrintDocument({{"nodes", std::move(list)}}, global.output, "/nodes");
  }
  // Without HSM nobody misses its columns: those that are empty everywhere are left out.
  const bool has_hsm = std::any_of(nodes.begin(), nodes.end(), IsInHsm);
  const bool has_flags = std::any_of(nodes.begin(), nodes.end(), HasFlags);
  TextTable table;
  table.AddRow({"NODE", "PRESENCE", "SINCE", "AGENT", "ROLE", has_hsm ? "NID" : "",
                has_hsm ? "HSM" : "", has_flags ? "FLAGS" : "", "ORCA", "ALIASES"});
  for (const v1::Node& node : nodes) {
    table.AddRow({Printable(NodeId(node.name())), PresenceName(node.presence()),
                  node.has_presence_time() ? FormatTime(node.presence_time()) : "-",
                  node.agent_version().empty() ? "-" : Printable(node.agent_version()),
                  Printable(RoleInWords(node)), has_hsm ? NidInWords(node) : "",
                  has_hsm ? HsmStateInWords(node) : "", FlagsInWords(node),
                  Printable(OrcaInWords(node)), Printable(Joined(node.aliases()))});
  }
  PrintPaged(table.Text(SizeOfScreenText().columns), !global.no_pager);
}

absl::StatusOr<std::vector<v1::Node>> NodesOf(const TargetOptions& options,
                                              const GlobalOptions& global) {
  v1::ListNodesRequest request;
  // -x alone means all the others, and --hsm-state alone all in these states. Who looks wants to see disabled nodes, too.
  TargetOptions chosen = options;
  chosen.include_disabled = true;
  chosen.all = options.all ||
               (options.IsEmpty() && !(options.without.empty() && options.hsm_states.empty()));
  if (!chosen.IsEmpty()) {
    absl::StatusOr<v1::Targets> targets = ReadTargets(chosen, std::cin);
    MUSTER_RETURN_IF_ERROR(targets.status());
    *request.mutable_targets() = *std::move(targets);
  }
  const auto connection = Connection::Open(global.connection);
  MUSTER_RETURN_IF_ERROR(connection.status());
  MUSTER_RETURN_IF_ERROR(ResolveJobIds(**connection, *request.mutable_targets()));
  if (chosen.IsEmpty()) request.clear_targets();
  return FetchNodes(**connection, std::move(request));
}

ExitCode ListNodes(const TargetOptions& options, const GlobalOptions& global) {
  const absl::StatusOr<std::vector<v1::Node>> nodes = NodesOf(options, global);
  if (!nodes.ok()) return Fail(nodes.status());
  PrintList(*nodes, global);
  return ExitCode::kSuccess;
}

}  // namespace

void AddNodeList(CLI::App& node, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb =
      node.add_subcommand("list", "The nodes the controller knows, all or those named");
  const auto targets = std::make_shared<TargetOptions>();
  AddTargetOptions(*verb, *targets);
  verb->callback([targets, &global, &exit_code] {
    exit_code = static_cast<int>(ListNodes(*targets, global));
  });
}

}  // namespace muster::cli
