#include "controller/cli/targets.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "controller/cli/job_view.h"
#include "controller/inventory/node_set.h"

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

absl::StatusOr<std::vector<std::string>> ReadNames(std::istream& in, const std::string& what) {
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
  std::vector<std::string> names = Split(WithoutComments(text));
  if (names.empty()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "{} names no nodes", what);
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> ReadNamesFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  if (!file) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "the file of nodes {} cannot be opened: {}", path, std::strerror(errno));
  }
  return ReadNames(file, "the file of nodes " + path);
}

// What one word stands for: itself, or the sets in a file or in standard input.
absl::StatusOr<std::vector<std::string>> SetsOf(const std::string& word,
                                                std::istream& standard_input) {
  if (word == "-") return ReadNames(standard_input, "standard input");
  if (word[0] == '^') return ReadNamesFile(word.substr(1));
  return std::vector<std::string>{word};
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

}  // namespace

void AddTargetOptions(CLI::App& verb, TargetOptions& options) {
  // One value for each -w: what follows it may be a unit or a node.
  verb.add_option("-w,--nodes", options.with,
                  "Nodes: a set such as nid[000001-000004],ncn-w001; ^FILE; - for standard input")
      ->type_name("NODESET")
      ->allow_extra_args(false);
  AddExcludeOption(verb, options);
  verb.add_option("--role", options.roles, "Nodes with this role in the inventory")
      ->type_name("ROLE")
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
  if (options.IsEmpty()) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "no nodes were named; use -w NODESET, --role ROLE, --from-job ID or --all");
  }
  // Who types both means to narrow; they add up, and a whole system is not restarted on a misunderstanding.
  if (options.all &&
      !(options.with.empty() && options.roles.empty() && options.from_jobs.empty())) {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "--all is every node; leave it out, or leave out -w, --role and --from-job");
  }
  const absl::StatusOr<std::string> with = ReadOption("-w", options.with, standard_input);
  MUSTER_RETURN_IF_ERROR(with.status());
  const absl::StatusOr<std::string> without = ReadOption("-x", options.without, standard_input);
  MUSTER_RETURN_IF_ERROR(without.status());
  v1::Targets targets;
  if (!with->empty()) targets.add_node_sets(*with);
  if (!without->empty()) targets.add_exclude(*without);
  for (const std::string& role : options.roles) targets.add_roles(role);
  targets.set_all(options.all);
  for (const std::string& job : options.from_jobs) {
    v1::TasksOfJob& from = *targets.add_from_jobs();
    from.set_job(job);
    from.mutable_states()->Assign(options.states.begin(), options.states.end());
  }
  return targets;
}

}  // namespace muster::cli
