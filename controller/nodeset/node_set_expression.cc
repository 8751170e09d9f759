#include "controller/nodeset/node_set_expression.h"

#include "controller/nodeset/node_set_parser.h"

namespace muster {
namespace {

char CharacterOf(NodeSetOperator op) {
  switch (op) {
    case NodeSetOperator::kUnion:
      return ',';
    case NodeSetOperator::kDifference:
      return '!';
    case NodeSetOperator::kIntersection:
      return '&';
    case NodeSetOperator::kSymmetricDifference:
      return '^';
  }
  return ',';
}

// True for "a,b" and false for "a[1,2]": more than one operand.
bool IsList(const std::string& folded) {
  bool is_in_brackets = false;
  for (const char c : folded) {
    if (c == ',' && !is_in_brackets) return true;
    is_in_brackets = c == '[' || (is_in_brackets && c != ']');
  }
  return false;
}

std::string TextOf(const NodeSetTerm& term) {
  if (!term.inner.empty()) return fmt::format("({})", TextOf(term.inner));
  const std::string folded = term.nodes.Folded();
  return term.op != NodeSetOperator::kUnion && IsList(folded) ? fmt::format("({})", folded)
                                                              : folded;
}

}  // namespace

bool IsOneSet(const NodeSetExpression& expression) {
  return expression.size() == 1 && expression.front().inner.empty();
}

absl::StatusOr<NodeSetExpression> ParseNodeSetExpression(const std::string& text,
                                                         const NodeSetSyntax& syntax) {
  return NodeSetParser(text, syntax).Parse();
}

NodeSet Evaluate(const NodeSetExpression& expression) {
  NodeSet nodes;
  for (const NodeSetTerm& term : expression)
    nodes.Apply(term.op, term.inner.empty() ? term.nodes : Evaluate(term.inner));
  return nodes;
}

size_t CountNames(const NodeSetExpression& expression) {
  size_t count = 0;
  for (const NodeSetTerm& term : expression) count += term.nodes.size() + CountNames(term.inner);
  return count;
}

std::string TextOf(const NodeSetExpression& expression) {
  std::string text;
  for (const NodeSetTerm& term : expression) {
    if (!text.empty()) text += CharacterOf(term.op);
    text += TextOf(term);
  }
  return text;
}

absl::StatusOr<NodeSet> ParseNodeSet(const std::string& text, size_t max_names) {
  const absl::StatusOr<NodeSetExpression> expression =
      ParseNodeSetExpression(text, {.max_names = max_names});
  if (!expression.ok()) return expression.status();
  NodeSet nodes = Evaluate(*expression);
  if (!nodes.empty()) return nodes;
  return MakeStatus(absl::StatusCode::kInvalidArgument, "node set '{}': no node is left of it",
                    ShownText(text, 0));
}

}  // namespace muster
