#include "controller/cli/node_reader.h"

#include <sstream>
#include <utility>

#include "controller/cli/group_config.h"
#include "controller/cli/text_file.h"

namespace muster::cli {
namespace {

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

bool HasOperators(const std::string& line) { return line.find_first_of("!&^()") != line.npos; }

bool IsBlankLine(const std::string& line) {
  return line.find_first_not_of(", \t\r\n") == std::string::npos;
}

}  // namespace

NodeReader::NodeReader(std::istream& standard_input)
    : NodeReader(standard_input, GroupConfigDirs()) {}

absl::StatusOr<NodeSetExpression> NodeReader::Read(const std::string& text) {
  NodeSetSyntax syntax;
  absl::Status of_word;  // says what it is about, and stands alone
  syntax.words = [&](const std::string& word) {
    absl::StatusOr<NodeSetExpression> nodes = NodesOf(word);
    of_word = nodes.status();
    return nodes;
  };
  absl::StatusOr<NodeSetExpression> nodes = ParseNodeSetExpression(text, syntax);
  MUSTER_RETURN_IF_ERROR(of_word);
  return nodes;
}

absl::StatusOr<NodeSetExpression> NodeReader::ReadStandardInput() {
  const absl::StatusOr<std::string> text = ReadText(standard_input_, "standard input");
  MUSTER_RETURN_IF_ERROR(text.status());
  return ReadLines(WithoutComments(*text), "standard input");
}

absl::StatusOr<NodeSetExpression> NodeReader::NodesOf(const std::string& word) {
  if (word[0] == '@') return GroupOf(word);
  if (word == "-") {
    const absl::StatusOr<std::string> text = ReadText(standard_input_, "standard input");
    MUSTER_RETURN_IF_ERROR(text.status());
    return NodesIn(*text, "standard input");
  }
  const std::string what = "the file of nodes " + word.substr(1);
  const absl::StatusOr<std::string> text = ReadTextFile(word.substr(1), what);
  MUSTER_RETURN_IF_ERROR(text.status());
  return NodesIn(*text, what);
}

absl::StatusOr<NodeSetExpression> NodeReader::NodesIn(const std::string& text,
                                                      const std::string& what) {
  const std::string lines = WithoutComments(text);
  if (IsBlankLine(lines))
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "{} names no nodes; write node sets, such as x1000c0s[0-7]b0n0", what);
  return ReadLines(lines, what);
}

// Lines without operators are read as one set, so that a long list is sorted once.
absl::StatusOr<NodeSetExpression> NodeReader::ReadLines(const std::string& text,
                                                        const std::string& what) {
  std::istringstream in(text);
  std::string plain;
  std::vector<std::string> sets;
  for (std::string line; std::getline(in, line);) {
    if (IsBlankLine(line)) continue;
    if (HasOperators(line)) {
      sets.push_back(line);
    } else {
      plain += line + "\n";
    }
  }
  if (!plain.empty()) sets.insert(sets.begin(), plain);
  NodeSetExpression all;
  for (const std::string& set : sets) {
    NodeSetSyntax syntax;
    absl::Status of_group;
    syntax.words = [&](const std::string& word) {
      absl::StatusOr<NodeSetExpression> nodes =
          word[0] == '@'
              ? GroupOf(word)
              : MakeStatus(absl::StatusCode::kInvalidArgument, "'{}' can stand in no file", word);
      of_group = nodes.status();
      return nodes;
    };
    absl::StatusOr<NodeSetExpression> nodes = ParseNodeSetExpression(set, syntax);
    const absl::Status& status = of_group.ok() ? nodes.status() : of_group;
    if (!status.ok())
      return MakeStatus(absl::StatusCode::kInvalidArgument, "{}: {}", what, Message(status));
    if (nodes->empty()) continue;
    if (IsOneSet(*nodes)) {
      all.push_back(std::move(nodes->front()));
    } else {
      all.push_back({.inner = *std::move(nodes)});
    }
  }
  return all;
}

absl::StatusOr<NodeSetExpression> NodeReader::GroupOf(const std::string& word) {
  if (!groups_) {
    absl::StatusOr<GroupSources> groups = LoadGroupSources(group_dirs_);
    MUSTER_RETURN_IF_ERROR(groups.status());
    groups_ = *std::move(groups);
  }
  absl::StatusOr<NodeSet> nodes = groups_->NodesOf(word);
  MUSTER_RETURN_IF_ERROR(nodes.status());
  NodeSetExpression expression;
  if (!nodes->empty()) expression.push_back({.nodes = *std::move(nodes)});
  return expression;
}

}  // namespace muster::cli
