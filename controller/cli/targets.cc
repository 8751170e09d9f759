#include "controller/cli/targets.h"

#include <fmt/format.h>

#include <cstdio>

#include "controller/cli/job_view.h"
#include "controller/cli/node_reader.h"
#include "controller/cli/printable.h"
#include "controller/cli/sat_status.h"
#include "controller/cli/text_file.h"
#include "controller/nodeset/node_set.h"

namespace muster::cli {
namespace {

// Adds the texts of one option to `sets`: what is only named is one node set, and each that has operators is one of its own, since the
// controller knows which names are one node's.
absl::Status ReadOption(const char* option, const std::vector<std::string>& values,
                        NodeReader& reader, google::protobuf::RepeatedPtrField<std::string>& sets) {
  std::vector<NodeSet> sets_named;
  std::vector<std::string> with_operators;
  for (const std::string& value : values) {
    const absl::StatusOr<NodeSetExpression> nodes = reader.Read(value);
    if (!nodes.ok()) {
      return MakeStatus(absl::StatusCode::kInvalidArgument, "{} {}: {}", option, Printable(value),
                        Message(nodes.status()));
    }
    if (IsOneSet(*nodes)) {
      sets_named.push_back(nodes->front().nodes);
    } else if (!nodes->empty()) {
      with_operators.push_back(TextOf(*nodes));
    }
  }
  const NodeSet named = NodeSet::UnionOf(sets_named);
  if (named.size() > kMaxNodeSetSize)
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{}: more than {} nodes", option,
                      kMaxNodeSetSize);
  if (!named.empty()) *sets.Add() = named.Folded();
  for (std::string& set : with_operators) *sets.Add() = std::move(set);
  return absl::OkStatus();
}

// The nodes in what sat status printed, told on standard error: nobody has counted them.
absl::Status AddSatStatus(const std::string& file, std::istream& standard_input,
                          std::vector<std::string>& nodes) {
  const std::string what = "--sat " + file;
  const absl::StatusOr<std::string> text =
      file == "-" ? ReadText(standard_input, what) : ReadTextFile(file, what);
  MUSTER_RETURN_IF_ERROR(text.status());
  const absl::StatusOr<SatStatus> status = ReadSatStatus(*text);
  if (!status.ok()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{}: {}", what, Message(status.status()));
  }
  fmt::print(stderr, "muster: {}\n", Printable(what + ": " + SatInWords(*status)));
  nodes.insert(nodes.end(), status->xnames.begin(), status->xnames.end());
  return absl::OkStatus();
}

// What was typed must mean some nodes, and not look as if it meant fewer than it does.
absl::Status CheckChoice(const TargetOptions& options) {
  if (options.IsEmpty()) {
    return MakeStatus(
        absl::StatusCode::kInvalidArgument,
        "no nodes were named; use -w NODESET, --role ROLE, --group LABEL, --sat FILE, "
        "--from-job ID or --all");
  }
  TargetOptions others = options;
  others.all = false;
  // Who types both means to narrow; they add up, and a whole system is not restarted on a misunderstanding.
  if (options.all && !others.IsEmpty()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "--all is every node; leave it out, or leave out -w, --role, --group, "
                      "--partition, --sat and --from-job");
  }
  if (options.hsm_states.empty() || options.all || options.IsSelecting()) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "--hsm-state narrows --all, --role, --group and --partition; nodes that are "
                    "named are taken in any state");
}

}  // namespace

void AddTargetOptions(CLI::App& verb, TargetOptions& options) {
  // One value for each -w: what follows it may be a unit or a node.
  verb.add_option(
          "-w,--nodes", options.with,
          "Nodes: a set such as nid[000001-000004],ncn-w001, with a!b (not in b), a&b (in both), "
          "a^b (in one), ( ); @GROUP or @SOURCE:GROUP of ClusterShell; ^FILE; - for "
          "standard input")
      ->type_name("NODESET")
      ->allow_extra_args(false);
  AddExcludeOption(verb, options);
  verb.add_option("--role", options.roles,
                  "Nodes with this role or sub role: compute, application, worker, uan …")
      ->type_name("ROLE")
      ->allow_extra_args(false);
  verb.add_option("--group", options.groups, "Nodes in this group of HSM")
      ->type_name("LABEL")
      ->allow_extra_args(false);
  verb.add_option("--partition", options.partitions, "Nodes in this partition of HSM")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb.add_option("--hsm-state", options.hsm_states,
                  "Of --role, --group, --partition and --all, only nodes that HSM has in one of "
                  "these: ready,standby …")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb.add_option("--sat", options.sat,
                  "The nodes in what sat status printed, in any format; - for standard input")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb.add_flag("--all", options.all, "Every node the controller knows");
  CLI::Option* from =
      verb.add_option("--from-job", options.from_jobs,
                      "The nodes of a job that are still known; see --state. ID or last")
          ->type_name("ID")
          ->allow_extra_args(false);
  AddStateOption(verb,
                 "Of --from-job, only the nodes whose task is in one of these: failed,timed-out …",
                 options)
      ->needs(from);
}

void AddExcludeOption(CLI::App& verb, TargetOptions& options) {
  verb.add_option("-x,--exclude", options.without, "Nodes that are left out; written as in -w")
      ->type_name("NODESET")
      ->allow_extra_args(false);
}

void AddDisabledOption(CLI::App& verb, TargetOptions& options) {
  verb.add_flag("--include-disabled", options.include_disabled,
                "Nodes that are disabled in HSM, too: else they are left out, or an error if they "
                "are named");
}

CLI::Option* AddStateOption(CLI::App& verb, const std::string& help, TargetOptions& options) {
  const auto read = [&options](const std::string& text) {
    const absl::StatusOr<std::vector<v1::TaskState>> states = ParseTaskStates(text);
    if (!states.ok()) throw CLI::ValidationError("--state", Message(states.status()));
    options.states = *states;
  };
  return verb.add_option_function<std::string>("--state", read, help)->type_name("LIST");
}

absl::StatusOr<v1::Targets> ReadTargets(const TargetOptions& options,
                                        std::istream& standard_input) {
  MUSTER_RETURN_IF_ERROR(CheckChoice(options));
  NodeReader reader(standard_input);
  v1::Targets targets;
  MUSTER_RETURN_IF_ERROR(ReadOption("-w", options.with, reader, *targets.mutable_node_sets()));
  if (!options.with.empty() && targets.node_sets().empty())
    return MakeStatus(absl::StatusCode::kInvalidArgument, "-w {}: there is no node in it",
                      Printable(fmt::format("{}", fmt::join(options.with, " -w "))));
  MUSTER_RETURN_IF_ERROR(ReadOption("-x", options.without, reader, *targets.mutable_exclude()));
  std::vector<std::string> sat_nodes;
  for (const std::string& file : options.sat)
    MUSTER_RETURN_IF_ERROR(AddSatStatus(file, standard_input, sat_nodes));
  if (!sat_nodes.empty()) targets.add_node_sets(FoldNodeSet(sat_nodes));
  for (const std::string& role : options.roles) targets.add_roles(role);
  for (const std::string& group : options.groups) targets.add_groups(group);
  for (const std::string& partition : options.partitions) targets.add_partitions(partition);
  for (const std::string& state : options.hsm_states) targets.add_states(state);
  targets.set_all(options.all);
  targets.set_include_disabled(options.include_disabled);
  for (const std::string& job : options.from_jobs) {
    v1::TasksOfJob& from = *targets.add_from_jobs();
    from.set_job(job);
    from.mutable_states()->Assign(options.states.begin(), options.states.end());
  }
  return targets;
}

}  // namespace muster::cli
