// `muster nodeset`: sets of nodes folded, expanded, counted, compared and split. It speaks to no controller, so that operators work on
// names.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "common/ascii.h"
#include "controller/cli/document.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/follow.h"
#include "controller/cli/node_reader.h"
#include "controller/cli/printable.h"
#include "controller/cli/verbs.h"
#include "controller/nodeset/node_set_expression.h"

namespace muster::cli {
namespace {

// More parts than a set has nodes are as many as it has.
constexpr size_t kMaxSplitDigits = 9;

constexpr char kSetHelp[] =
    "Sets, which add up: a,b both; a!b those of a that are not in b; a&b in both; a^b in one of "
    "them; ( ); @GROUP or @SOURCE:GROUP of ClusterShell; ^FILE; - for standard input, which is "
    "also read if no set is given";

struct NodeSetOptions {
  std::vector<std::string> sets;
  std::string separator = "\n";
  size_t parts = 0;     // of split
  size_t max_size = 0;  // of split
};

absl::StatusOr<NodeSet> ReadOne(const std::string& text, NodeReader& reader) {
  const absl::StatusOr<NodeSetExpression> expression =
      text == "-" ? reader.ReadStandardInput() : reader.Read(text);
  MUSTER_RETURN_IF_ERROR(expression.status());
  return Evaluate(*expression);
}

absl::StatusOr<NodeSet> ReadSets(const std::vector<std::string>& texts) {
  if (texts.empty() && isatty(STDIN_FILENO) == 1)
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "no set of nodes: give one, such as nid[000001-000004], or - for standard "
                      "input");
  NodeReader reader(std::cin);
  if (texts.empty()) return ReadOne("-", reader);
  std::vector<NodeSet> sets;
  for (const std::string& text : texts) {
    absl::StatusOr<NodeSet> more = ReadOne(text, reader);
    MUSTER_RETURN_IF_ERROR(more.status());
    sets.push_back(*std::move(more));
  }
  return NodeSet::UnionOf(sets);
}

Json JsonOf(const NodeSet& nodes) { return {{"nodes", nodes.Folded()}, {"count", nodes.size()}}; }

// The text for people, or the document; `list` as PrintDocument takes it.
void PrintAs(OutputFormat output, const std::string& text, const Json& document,
             const std::string& list = "") {
  if (output == OutputFormat::kTable) return Print(text);
  PrintDocument(document, output, list);
}

void PrintExpanded(const NodeSet& nodes, const NodeSetOptions& options, OutputFormat output) {
  const std::vector<std::string> names = nodes.Names();
  if (names.empty() && output == OutputFormat::kTable) return;
  PrintAs(output, fmt::format("{}\n", fmt::join(names, options.separator)), {{"names", names}},
          "/names");
}

void PrintFolded(const NodeSet& nodes, const NodeSetOptions&, OutputFormat output) {
  PrintAs(output, nodes.Folded() + "\n", JsonOf(nodes));
}

void PrintCount(const NodeSet& nodes, const NodeSetOptions&, OutputFormat output) {
  PrintAs(output, fmt::format("{}\n", nodes.size()), {{"count", nodes.size()}});
}

void PrintSplit(const NodeSet& nodes, const NodeSetOptions& options, OutputFormat output) {
  const size_t parts = options.max_size > 0
                           ? (nodes.size() + options.max_size - 1) / options.max_size
                           : options.parts;
  Json documents = Json::array();
  std::string text;
  for (const NodeSet& part : nodes.Split(parts)) {
    documents.push_back(JsonOf(part));
    text += part.Folded() + "\n";
  }
  PrintAs(output, text, {{"parts", documents}}, "/parts");
}

NodeSet OnlyIn(NodeSet nodes, const NodeSet& others) {
  nodes.Apply(NodeSetOperator::kDifference, others);
  return nodes;
}

// As diff(1): "< " what is only in the first, "> " what is only in the second, and nothing if they are the same.
ExitCode CompareSets(const std::vector<std::string>& texts, OutputFormat output) {
  NodeReader reader(std::cin);
  const absl::StatusOr<NodeSet> a = ReadOne(texts[0], reader);
  if (!a.ok()) return Fail(a.status());
  const absl::StatusOr<NodeSet> b = ReadOne(texts[1], reader);
  if (!b.ok()) return Fail(b.status());
  const NodeSet only_a = OnlyIn(*a, *b);
  const NodeSet only_b = OnlyIn(*b, *a);
  std::string text;
  if (!only_a.empty()) text += fmt::format("< {}\n", only_a.Folded());
  if (!only_b.empty()) text += fmt::format("> {}\n", only_b.Folded());
  PrintAs(output, text, {{"only_first", JsonOf(only_a)}, {"only_second", JsonOf(only_b)}});
  return only_a.empty() && only_b.empty() ? ExitCode::kSuccess : ExitCode::kFailure;
}

using PrintNodes = void (*)(const NodeSet&, const NodeSetOptions&, OutputFormat);

void AddSets(CLI::App& verb, NodeSetOptions& options) {
  verb.add_option("SET", options.sets, kSetHelp);
}

// A verb that prints something of the sets.
std::shared_ptr<NodeSetOptions> AddVerb(CLI::App& verb, PrintNodes print,
                                        const GlobalOptions& global, int& exit_code) {
  const auto options = std::make_shared<NodeSetOptions>();
  verb.callback([options, print, &global, &exit_code] {
    const absl::StatusOr<NodeSet> nodes = ReadSets(options->sets);
    if (nodes.ok()) print(*nodes, *options, global.output);
    exit_code = static_cast<int>(nodes.ok() ? ExitCode::kSuccess : Fail(nodes.status()));
  });
  return options;
}

// "N SET…", or "SET…" with --max.
ExitCode SplitSets(NodeSetOptions options, OutputFormat output) {
  if (options.max_size == 0) {
    const std::string n = options.sets.empty() ? "" : options.sets.front();
    const bool is_number = !n.empty() && n.size() <= kMaxSplitDigits &&
                           std::all_of(n.begin(), n.end(), [](char c) { return IsDigit(c); });
    options.parts = is_number ? std::stoul(n) : 0;
    if (options.parts == 0)
      return Fail(MakeStatus(absl::StatusCode::kInvalidArgument,
                             "'{}' is no number of parts: `muster nodeset split N SET`, or --max "
                             "SIZE",
                             Printable(n)));
    options.sets.erase(options.sets.begin());
  }
  const absl::StatusOr<NodeSet> nodes = ReadSets(options.sets);
  if (!nodes.ok()) return Fail(nodes.status());
  PrintSplit(*nodes, options, output);
  return ExitCode::kSuccess;
}

void AddSplit(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = app.add_subcommand(
      "split", "Split them in N parts that are as even as may be, one folded set a line");
  const auto options = std::make_shared<NodeSetOptions>();
  verb->add_option("N", options->sets, "How many parts, unless --max says it; then the sets")
      ->type_name("[N] SET");
  verb->add_option("--max", options->max_size,
                   "Instead of N: as few parts as have no more than SIZE nodes each")
      ->type_name("SIZE")
      ->check(CLI::Range(size_t{1}, kMaxNodeSetSize));
  verb->callback([options, &global, &exit_code] {
    exit_code = static_cast<int>(SplitSets(*options, global.output));
  });
}

void AddDiff(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* verb = app.add_subcommand(
      "diff", "What is only in A (< …) and only in B (> …); exit code 1 if anything is");
  const auto texts = std::make_shared<std::vector<std::string>>(2);
  verb->add_option("A", (*texts)[0], "A set")->required();
  verb->add_option("B", (*texts)[1], "Another one")->required();
  verb->callback([texts, &global, &exit_code] {
    exit_code = static_cast<int>(CompareSets(*texts, global.output));
  });
}

}  // namespace

void AddNodeSetVerbs(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  CLI::App* nodeset = app.add_subcommand(
      "nodeset", "Sets of nodes: expand, fold, count, diff, split; no controller is asked");
  nodeset->require_subcommand(1);
  CLI::App* expand = nodeset->add_subcommand("expand", "Print their names, one a line");
  const auto expand_options = AddVerb(*expand, PrintExpanded, global, exit_code);
  expand->add_option("-S,--separator", expand_options->separator, "What stands between two names")
      ->type_name("SEP");
  AddSets(*expand, *expand_options);
  CLI::App* fold = nodeset->add_subcommand("fold", "Print them as one short text");
  AddSets(*fold, *AddVerb(*fold, PrintFolded, global, exit_code));
  CLI::App* count = nodeset->add_subcommand("count", "Print how many they are");
  AddSets(*count, *AddVerb(*count, PrintCount, global, exit_code));
  AddDiff(*nodeset, global, exit_code);
  AddSplit(*nodeset, global, exit_code);
}

}  // namespace muster::cli
