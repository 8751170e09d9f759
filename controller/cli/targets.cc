#include "controller/cli/targets.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "controller/cli/job_view.h"
#include "controller/cli/printable.h"
#include "controller/cli/sat_status.h"
#include "controller/nodeset/node_set.h"

namespace muster::cli {
namespace {

bool IsSeparator(char c) { return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Node sets that are separated by commas or white space outside of brackets.
std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  int depth = 0;
  for (const char c : text) {
    if (depth == 0 && IsSeparator(c)) {
      if (!word.empty()) words.push_back(std::exchange(word, ""));
      continue;
    }
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    word += c;
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

// '#' to the end of its line.
std::string WithoutComments(const std::string& text) {
  std::string out;
  bool in_comment = false;
  for (const char c : text) {
    in_comment = c != '\n' && (in_comment || c == '#');
    if (!in_comment) out += c;
  }
  return out;
}

absl::StatusOr<std::string> ReadAll(std::istream& in, const std::string& what) {
  std::string text;
  char buffer[65536];
  errno = 0;
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, in.gcount());
    if (text.size() > kMaxTargetBytes) {
      return MakeStatus(absl::StatusCode::kInvalidArgument, "{} is larger than {} MiB", what,
                        kMaxTargetBytes >> 20);
    }
  }
  if (in.bad()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} cannot be read: {}", what,
                      std::strerror(errno == 0 ? EIO : errno));
  }
  return text;
}

absl::StatusOr<std::string> ReadFile(const std::string& path, const std::string& what) {
  errno = 0;
  std::ifstream file(path);
  if (!file) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} cannot be opened: {}", what,
                      std::strerror(errno));
  }
  return ReadAll(file, what);
}

absl::StatusOr<std::vector<std::string>> NamesIn(const absl::StatusOr<std::string>& text,
                                                 const std::string& what) {
  MUSTER_RETURN_IF_ERROR(text.status());
  std::vector<std::string> names = Split(WithoutComments(*text));
  if (names.empty()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} names no nodes", what);
  }
  return names;
}

// What one word stands for: itself, or the sets in a file or in standard input.
absl::StatusOr<std::vector<std::string>> SetsOf(const std::string& word,
                                                std::istream& standard_input) {
  if (word == "-") return NamesIn(ReadAll(standard_input, "standard input"), "standard input");
  if (word[0] != '^') return std::vector<std::string>{word};
  const std::string what = "the file of nodes " + word.substr(1);
  return NamesIn(ReadFile(word.substr(1), what), what);
}

absl::Status AddNodes(const char* option, const std::string& set, std::vector<std::string>& nodes) {
  const absl::StatusOr<std::vector<std::string>> expanded = ExpandNodeSet(set);
  if (!expanded.ok()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} {}: {}", option, set,
                      Message(expanded.status()));
  }
  nodes.insert(nodes.end(), expanded->begin(), expanded->end());
  if (nodes.size() <= kMaxNodeSetSize) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kInvalidArgument, "{}: more than {} nodes", option,
                    kMaxNodeSetSize);
}

// The texts of one option, folded into one node set; empty if the option was not given.
absl::StatusOr<std::string> ReadOption(const char* option, const std::vector<std::string>& values,
                                       std::istream& standard_input) {
  std::vector<std::string> nodes;
  for (const std::string& value : values) {
    const std::vector<std::string> words = Split(value);
    if (words.empty()) {
      return MakeStatus(absl::StatusCode::kInvalidArgument, "{}: an empty set of nodes", option);
    }
    for (const std::string& word : words) {
      const absl::StatusOr<std::vector<std::string>> sets = SetsOf(word, standard_input);
      MUSTER_RETURN_IF_ERROR(sets.status());
      for (const std::string& set : *sets) MUSTER_RETURN_IF_ERROR(AddNodes(option, set, nodes));
    }
  }
  return FoldNodeSet(nodes);
}

// The nodes in what sat status printed, told on standard error: nobody has counted them.
absl::Status AddSatStatus(const std::string& file, std::istream& standard_input,
                          std::vector<std::string>& nodes) {
  const std::string what = "--sat " + file;
  const absl::StatusOr<std::string> text =
      file == "-" ? ReadAll(standard_input, what) : ReadFile(file, what);
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
  verb.add_option("-w,--nodes", options.with,
                  "Nodes: a set such as nid[000001-000004],ncn-w001; ^FILE; - for standard input")
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
  verb.add_option("-x,--exclude", options.without, "Nodes that are left out")
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
  const absl::StatusOr<std::string> with = ReadOption("-w", options.with, standard_input);
  MUSTER_RETURN_IF_ERROR(with.status());
  const absl::StatusOr<std::string> without = ReadOption("-x", options.without, standard_input);
  MUSTER_RETURN_IF_ERROR(without.status());
  std::vector<std::string> sat_nodes;
  for (const std::string& file : options.sat)
    MUSTER_RETURN_IF_ERROR(AddSatStatus(file, standard_input, sat_nodes));
  v1::Targets targets;
  if (!with->empty()) targets.add_node_sets(*with);
  if (!sat_nodes.empty()) targets.add_node_sets(FoldNodeSet(sat_nodes));
  if (!without->empty()) targets.add_exclude(*without);
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
