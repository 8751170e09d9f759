// muster node list [TARGETS] - the nodes the controller knows, one line each.
#include <iostream>
#include <memory>

#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/job_id.h"
#include "controller/cli/json.h"
#include "controller/cli/names.h"
#include "controller/cli/node_fetch.h"
#include "controller/cli/node_text.h"
#include "controller/cli/printable.h"
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

void PrintList(const std::vector<v1::Node>& nodes, OutputFormat output) {
  if (output == OutputFormat::kJson) {
    Json list = Json::array();
    for (const v1::Node& node : nodes) list.push_back(ToJson(node));
    return Print(JsonText({{"nodes", std::move(list)}}));
  }
  TextTable table;
  table.AddRow({"NODE", "PRESENCE", "SINCE", "AGENT", "ROLE", "ORCA", "ALIASES"});
  for (const v1::Node& node : nodes) {
    table.AddRow({Printable(NodeId(node.name())), PresenceName(node.presence()),
                  node.has_presence_time() ? FormatTime(node.presence_time()) : "-",
                  node.agent_version().empty() ? "-" : Printable(node.agent_version()),
                  node.role().empty() ? "-" : Printable(node.role()), Printable(OrcaInWords(node)),
                  Printable(Joined(node.aliases()))});
  }
  Print(table.Text());
}

ExitCode ListNodes(const TargetOptions& options, const GlobalOptions& global) {
  v1::ListNodesRequest request;
  // -x alone means all the others.
  TargetOptions chosen = options;
  chosen.all = options.all || (options.IsEmpty() && !options.without.empty());
  if (!chosen.IsEmpty()) {
    absl::StatusOr<v1::Targets> targets = ReadTargets(chosen, std::cin);
    if (!targets.ok()) return Fail(targets.status());
    *request.mutable_targets() = *std::move(targets);
  }
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::Status found = ResolveJobIds(**connection, *request.mutable_targets());
  if (!found.ok()) return Fail(found);
  if (chosen.IsEmpty()) request.clear_targets();
  const absl::StatusOr<std::vector<v1::Node>> nodes = FetchNodes(**connection, std::move(request));
  if (!nodes.ok()) return Fail(nodes.status());
  PrintList(*nodes, global.output);
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
