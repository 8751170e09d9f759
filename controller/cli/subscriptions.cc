// muster subscriptions status | save FILE | diff FILE - who is subscribed to HMNFD. Exit code 1 when somebody is missing.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <set>

#include "controller/cli/baseline.h"
#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/names.h"
#include "controller/cli/node_fetch.h"
#include "controller/cli/paging.h"
#include "controller/cli/printable.h"
#include "controller/cli/targets.h"
#include "controller/cli/text_table.h"
#include "controller/cli/times.h"
#include "controller/cli/verbs.h"
#include "controller/inventory/xname.h"
#include "controller/nodeset/node_set.h"

namespace muster::cli {
namespace {

// As many as the controller gives at once; pages of 100,000 nodes and more.
constexpr uint32_t kSubscribersPage = 10'000;

using Names = std::set<std::string, NaturalOrder>;
using AgentsByNode = std::map<std::string, Names, NaturalOrder>;

absl::StatusOr<std::vector<v1::Subscriber>> FetchSubscribers(Connection& connection) {
  std::vector<v1::Subscriber> subscribers;
  v1::ListSubscribersRequest request;
  request.set_page_size(kSubscribersPage);
  for (int page = 0; page < kMaxPages; ++page) {
    v1::ListSubscribersResponse response;
    MUSTER_RETURN_IF_ERROR(connection.Call(&v1::Controller::Stub::ListSubscribers,
                                           "list HMNFD's subscribers", request, response));
    subscribers.insert(subscribers.end(), response.subscribers().begin(),
                       response.subscribers().end());
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  return subscribers;
}

AgentsByNode Index(const std::vector<v1::Subscriber>& subscribers) {
  AgentsByNode index;
  for (const v1::Subscriber& subscriber : subscribers)
    index[subscriber.node()].insert(subscriber.agents().begin(), subscriber.agents().end());
  return index;
}

// "x1000" of "x1000c0s0b0n0"; the whole name of what is no xname.
std::string CabinetOf(const std::string& node) {
  if (!node.starts_with('x')) return node;
  const size_t end = node.find_first_not_of("0123456789", 1);
  return node.substr(0, end);
}

std::string Folded(const Names& names) {
  return Printable(FoldNodeSet(std::vector<std::string>(names.begin(), names.end())));
}

// A row for each cabinet.
void AddRows(TextTable& table, const std::string& what, const Names& names) {
  std::map<std::string, Names, NaturalOrder> cabinets;
  for (const std::string& name : names) cabinets[CabinetOf(name)].insert(name);
  for (const auto& [cabinet, nodes] : cabinets)
    table.AddRow({what, cabinet, std::to_string(nodes.size()), Folded(nodes)});
}

struct Standing {
  Names subscribed;
  Names missing;  // should be, and is not
  Names stale;    // is, and should not be: unknown, or not Ready in HSM
  Names others;   // services that are no nodes, such as BSS
};

// Of a node that nobody named. What HSM does not know is taken for one that should.
bool ShouldBeSubscribed(const v1::Node& node) {
  if (node.hsm_state().empty()) return true;
  // The images of these have no ORCA.
  if (node.sub_role() == "Storage" || node.sub_role() == "Master") return false;
  return node.hsm_state() == "Ready" && (!node.has_enabled() || node.enabled());
}

Standing Compare(const std::vector<v1::Node>& nodes, bool were_named,
                 const AgentsByNode& subscribers) {
  Standing standing;
  for (const v1::Node& node : nodes) {
    const std::string name = NodeId(node.name());
    if (!were_named && !ShouldBeSubscribed(node)) continue;
    (subscribers.contains(name) ? standing.subscribed : standing.missing).insert(name);
  }
  for (const auto& [node, agents] : subscribers) {
    if (standing.subscribed.contains(node)) continue;
    if (IsNodeXname(node)) {
      standing.stale.insert(node);
    } else {
      for (const std::string& agent : agents) standing.others.insert(agent + "@" + node);
    }
  }
  return standing;
}

Json ToJson(const Names& names) {
  return Json(std::vector<std::string>(names.begin(), names.end()));
}

void PrintStatus(const Standing& standing, bool covers_all, OutputFormat output) {
  if (output != OutputFormat::kTable) {
    Json json = {{"subscribed", ToJson(standing.subscribed)},
                 {"missing", ToJson(standing.missing)}};
    if (covers_all) json["stale"] = ToJson(standing.stale);
    if (covers_all) json["others"] = ToJson(standing.others);
    return PrintDocument(json, output);
  }
  TextTable table({2});
  AddRows(table, "MISSING", standing.missing);
  if (covers_all) AddRows(table, "STALE", standing.stale);
  Print(table.Text());
  if (covers_all && !standing.others.empty())
    Print(fmt::format("also subscribed: {}\n",
                      Printable(fmt::format("{}", fmt::join(standing.others, ", ")))));
  const size_t all = standing.subscribed.size() + standing.missing.size();
  std::string line = fmt::format("{} of {} nodes are subscribed", standing.subscribed.size(), all);
  if (!standing.missing.empty())
    line += fmt::format(
        ", {} are missing: `muster resubscribe --only-missing` with the same nodes "
        "brings them back",
        standing.missing.size());
  if (covers_all && !standing.stale.empty())
    line += fmt::format("; {} subscriptions are of nodes that are not Ready or not known",
                        standing.stale.size());
  Print(line + "\n");
}

ExitCode Status(const TargetOptions& options, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  v1::ListNodesRequest request;
  if (options.IsEmpty()) {
    request.mutable_targets()->set_all(true);
  } else {
    absl::StatusOr<v1::Targets> targets = ReadTargets(options, std::cin);
    if (!targets.ok()) return Fail(targets.status());
    *request.mutable_targets() = std::move(*targets);
  }
  const bool covers_all = request.targets().all();
  const absl::StatusOr<std::vector<v1::Node>> nodes = FetchNodes(**connection, std::move(request));
  if (!nodes.ok()) return Fail(nodes.status());
  const absl::StatusOr<std::vector<v1::Subscriber>> subscribers = FetchSubscribers(**connection);
  if (!subscribers.ok()) return Fail(subscribers.status());
  const Standing standing = Compare(*nodes, !covers_all, Index(*subscribers));
  PrintStatus(standing, covers_all, global.output);
  return standing.missing.empty() ? ExitCode::kSuccess : ExitCode::kFailure;
}

ExitCode Save(const std::string& path, const GlobalOptions& global) {
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::StatusOr<std::vector<v1::Subscriber>> subscribers = FetchSubscribers(**connection);
  if (!subscribers.ok()) return Fail(subscribers.status());
  google::protobuf::Timestamp now;
  now.set_seconds(std::chrono::duration_cast<std::chrono::seconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count());
  const absl::Status written = WriteBaseline(path, BaselineText(*subscribers, FormatTime(now)));
  if (!written.ok()) return Fail(written);
  fmt::print(stderr, "muster: {} subscribers saved\n", subscribers->size());
  return ExitCode::kSuccess;
}

// "orca@x1000c0s0b0n0" that are in `a` and not in `b`, by node.
AgentsByNode Without(const AgentsByNode& a, const AgentsByNode& b) {
  AgentsByNode rest;
  for (const auto& [node, agents] : a) {
    const auto other = b.find(node);
    for (const std::string& agent : agents) {
      if (other == b.end() || !other->second.contains(agent)) rest[node].insert(agent);
    }
  }
  return rest;
}

// Nodes with the same agents are one row.
void AddAgentRows(TextTable& table, const std::string& what, const AgentsByNode& rest) {
  std::map<std::string, Names> by_agents;
  for (const auto& [node, agents] : rest)
    by_agents[fmt::format("{}", fmt::join(agents, ","))].insert(node);
  for (const auto& [agents, nodes] : by_agents)
    table.AddRow({what, Printable(agents), std::to_string(nodes.size()), Folded(nodes)});
}

Json ToJson(const AgentsByNode& rest) {
  Json json = Json::object();
  for (const auto& [node, agents] : rest) json[node] = ToJson(agents);
  return json;
}

ExitCode Diff(const std::string& path, const GlobalOptions& global) {
  const absl::StatusOr<std::vector<v1::Subscriber>> before = ReadBaseline(path);
  if (!before.ok()) return Fail(before.status());
  const auto connection = Connection::Open(global.connection);
  if (!connection.ok()) return Fail(connection.status());
  const absl::StatusOr<std::vector<v1::Subscriber>> now = FetchSubscribers(**connection);
  if (!now.ok()) return Fail(now.status());
  const AgentsByNode lost = Without(Index(*before), Index(*now));
  const AgentsByNode gained = Without(Index(*now), Index(*before));
  if (global.output != OutputFormat::kTable) {
    PrintDocument({{"lost", ToJson(lost)}, {"new", ToJson(gained)}}, global.output);
  } else {
    TextTable table({2});
    AddAgentRows(table, "LOST", lost);
    AddAgentRows(table, "NEW", gained);
    Print(table.Text());
    Print(fmt::format("{} nodes have lost subscriptions since {}, {} have new ones\n", lost.size(),
                      path, gained.size()));
  }
  return lost.empty() ? ExitCode::kSuccess : ExitCode::kFailure;
}

}  // namespace

void AddSubscriptionVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* group =
      app.add_subcommand("subscriptions", "Who is subscribed to HMNFD: status, save, diff")
          ->require_subcommand(1);
  CLI::App* status = group->add_subcommand("status",
                                           "Who should be subscribed and is not; without nodes: of "
                                           "all that are Ready and may have ORCA");
  const auto targets = std::make_shared<TargetOptions>();
  AddTargetOptions(*status, *targets);
  status->callback(
      [targets, &global, &exit_code] { exit_code = static_cast<int>(Status(*targets, global)); });
  const auto add_file = [](CLI::App& verb, const char* help) {
    auto path = std::make_shared<std::string>();
    verb.add_option("FILE", *path, help)->required()->type_name("");
    return path;
  };
  CLI::App* save = group->add_subcommand("save", "Write who is subscribed now to a file");
  save->callback([path = add_file(*save, "A new file, or - for standard output"), &global,
                  &exit_code] { exit_code = static_cast<int>(Save(*path, global)); });
  CLI::App* diff = group->add_subcommand("diff", "What has changed since such a file was saved");
  diff->callback([path = add_file(*diff, "What `save` wrote"), &global, &exit_code] {
    exit_code = static_cast<int>(Diff(*path, global));
  });
}

}  // namespace muster::cli
