// From left to right, one operand after the other. Operands that the same ',' or '!' takes are gathered in one set before they become a
// term, so that a list of a hundred thousand names costs one sort and no walk for each.
#include "controller/nodeset/node_set_parser.h"

#include <utility>

#include "controller/nodeset/pattern.h"

namespace muster {
class NodeSetParser::TermList {
 public:
  // Where the names of an operand of `op` go.
  NodeSet::Shapes& ShapesOf(NodeSetOperator op) {
    const bool can_gather = op == NodeSetOperator::kUnion || op == NodeSetOperator::kDifference;
    if (!can_gather || op != op_) Close();
    op_ = op;
    return open_;
  }
  void Add(NodeSetOperator op, NodeSetExpression operand) {
    if (operand.empty() || IsOneSet(operand)) {
      NodeSet::Shapes& shapes = ShapesOf(op);
      if (operand.empty()) return;
      for (const auto& [shape, points] : operand.front().nodes.points_by_shape()) {
        Points& more = shapes.try_emplace(shape, points.width).first->second;
        more.numbers.insert(more.numbers.end(), points.numbers.begin(), points.numbers.end());
      }
      return;
    }
    Close();
    AddTerm({.op = op, .inner = std::move(operand)});
  }
  NodeSetExpression Take() {
    Close();
    return std::move(terms_);
  }

 private:
  void Close() {
    AddTerm({.op = op_, .nodes = NodeSet(std::exchange(open_, {}))});
    op_ = NodeSetOperator::kUnion;
  }
  // Before the first term is the empty set, and an operand may be it, too.
  void AddTerm(NodeSetTerm term) {
    const bool is_empty = term.nodes.empty() && term.inner.empty();
    const bool adds =
        term.op == NodeSetOperator::kUnion || term.op == NodeSetOperator::kSymmetricDifference;
    if (is_empty && term.op == NodeSetOperator::kIntersection) terms_.clear();
    if (is_empty || (terms_.empty() && !adds)) return;
    if (terms_.empty()) {
      term.op = NodeSetOperator::kUnion;
      if (!term.inner.empty()) {
        terms_ = std::move(term.inner);
        return;
      }
    }
    if (!terms_.empty() && IsGathered(terms_.back(), term)) {
      terms_.back().nodes.Apply(NodeSetOperator::kUnion, term.nodes);
      return;
    }
    terms_.push_back(std::move(term));
  }

  // "(a!b)!c": what the parentheses ended goes on.
  static bool IsGathered(const NodeSetTerm& last, const NodeSetTerm& next) {
    const bool can_gather =
        next.op == NodeSetOperator::kUnion || next.op == NodeSetOperator::kDifference;
    return can_gather && last.op == next.op && last.inner.empty() && next.inner.empty();
  }

  NodeSetExpression terms_;
  NodeSetOperator op_ = NodeSetOperator::kUnion;
  NodeSet::Shapes open_;  // the operands of op_ so far
};

absl::StatusOr<NodeSetExpression> NodeSetParser::Parse() { return ParseTerms(0); }

absl::StatusOr<NodeSetExpression> NodeSetParser::ParseTerms(size_t depth) {
  const size_t begin = cursor_.position();
  TermList terms;
  bool is_first = true;
  for (;; is_first = false) {
    const Gap gap = SkipGap();
    if (cursor_.AtEnd() || cursor_.Next() == ')') break;
    NodeSetOperator op = NodeSetOperator::kUnion;
    if (IsAtOperator(gap, is_first)) {
      const absl::StatusOr<NodeSetOperator> parsed = ParseOperator(gap, is_first);
      MUSTER_RETURN_IF_ERROR(parsed.status());
      op = *parsed;
    }
    MUSTER_RETURN_IF_ERROR(ParseOperand(op, depth, terms));
  }
  if (depth == 0 && !cursor_.AtEnd()) return cursor_.Wrong(cursor_.position(), "')' has no '('");
  if (depth == 0 && is_first)
    return MakeStatus(absl::StatusCode::kInvalidArgument, "node set '{}': names no node",
                      ShownText(cursor_.text(), 0));
  if (is_first && !cursor_.AtEnd()) return cursor_.Wrong(begin, "expected a name");
  return terms.Take();
}

NodeSetParser::Gap NodeSetParser::SkipGap() {
  Gap gap;
  for (;;) {
    if (cursor_.SkipBlanks()) {
      gap.has_blank = true;
    } else if (cursor_.Next() == ',') {
      cursor_.Skip();
      gap.has_comma = true;
    } else {
      return gap;
    }
  }
}

// '^' stands for a file, too: where no operator can be, and in "a ^b" as in pdsh.
bool NodeSetParser::IsAtOperator(const Gap& gap, bool is_first) const {
  if (cursor_.Next() == '!' || cursor_.Next() == '&') return true;
  if (cursor_.Next() != '^') return false;
  if (syntax_.words == nullptr) return true;
  const bool is_apart = cursor_.After() == '\0' || IsBlank(cursor_.After());
  return !is_first && !gap.has_comma && (!gap.has_blank || is_apart);
}

absl::StatusOr<NodeSetOperator> NodeSetParser::ParseOperator(const Gap& gap, bool is_first) {
  const size_t begin = cursor_.position();
  const char c = cursor_.Take();
  if (is_first || gap.has_comma)
    return cursor_.Wrong(begin, fmt::format("'{}' has no set before it", c));
  if (++operators_ > kMaxNodeSetOperators)
    return cursor_.Wrong(begin,
                         fmt::format("there are more than {} operators", kMaxNodeSetOperators));
  cursor_.SkipBlanks();
  const char next = cursor_.Next();
  const bool is_file = next == '^' && syntax_.words != nullptr;
  if (cursor_.AtEnd() || (EndsName(next) && next != '(' && !is_file))
    return cursor_.Wrong(begin, fmt::format("'{}' has no set after it", c));
  if (c == '!') return NodeSetOperator::kDifference;
  return c == '&' ? NodeSetOperator::kIntersection : NodeSetOperator::kSymmetricDifference;
}

absl::Status NodeSetParser::ParseOperand(NodeSetOperator op, size_t depth, TermList& terms) {
  if (cursor_.Next() == '(') return ParseParentheses(op, depth, terms);
  MUSTER_RETURN_IF_ERROR(IsAtWord() ? ParseWord(op, terms) : ParseName(op, terms));
  if (cursor_.Next() != '(') return absl::OkStatus();
  return cursor_.Wrong(cursor_.position(), "expected an operator before '('");
}

absl::Status NodeSetParser::ParseParentheses(NodeSetOperator op, size_t depth, TermList& terms) {
  const size_t begin = cursor_.position();
  if (depth == kMaxNodeSetDepth)
    return cursor_.Wrong(begin, fmt::format("parentheses are at most {} deep", kMaxNodeSetDepth));
  cursor_.Skip();
  absl::StatusOr<NodeSetExpression> inner = ParseTerms(depth + 1);
  MUSTER_RETURN_IF_ERROR(inner.status());
  if (cursor_.AtEnd()) return cursor_.Wrong(begin, "'(' has no ')'");
  cursor_.Skip();
  terms.Add(op, *std::move(inner));
  if (cursor_.AtEnd() || (EndsName(cursor_.Next()) && cursor_.Next() != '('))
    return absl::OkStatus();
  return cursor_.Wrong(cursor_.position(), "expected an operator after ')'");
}

bool NodeSetParser::IsAtWord() const {
  const char c = cursor_.Next();
  if (c == '@') return true;
  if (syntax_.words == nullptr) return false;
  return c == '^' || (c == '-' && (cursor_.After() == '\0' || EndsName(cursor_.After())));
}

absl::Status NodeSetParser::ParseWord(NodeSetOperator op, TermList& terms) {
  const size_t begin = cursor_.position();
  cursor_.Skip();
  bool is_in_brackets = false;
  while (!cursor_.AtEnd() && (is_in_brackets || !EndsName(cursor_.Next()))) {
    const char c = cursor_.Take();
    is_in_brackets = c == '[' || (is_in_brackets && c != ']');
  }
  const std::string word = cursor_.TextFrom(begin);
  if (syntax_.words == nullptr)
    return cursor_.Wrong(begin, fmt::format("{} is a group, and groups are not known here: muster "
                                            "looks them up where it is typed",
                                            ShownText(word, 0)));
  absl::StatusOr<NodeSetExpression> nodes = syntax_.words(word);
  MUSTER_RETURN_IF_ERROR(nodes.status());
  MUSTER_RETURN_IF_ERROR(AddToCount(begin, CountNames(*nodes)));
  terms.Add(op, *std::move(nodes));
  return absl::OkStatus();
}

absl::Status NodeSetParser::ParseName(NodeSetOperator op, TermList& terms) {
  const size_t begin = cursor_.position();
  const absl::StatusOr<Pattern> pattern = ParsePattern(cursor_);
  MUSTER_RETURN_IF_ERROR(pattern.status());
  MUSTER_RETURN_IF_ERROR(AddToCount(begin, CountOf(*pattern)));
  AddNames(*pattern, terms.ShapesOf(op));
  return absl::OkStatus();
}

absl::Status NodeSetParser::AddToCount(size_t begin, size_t count) {
  names_ += count;
  if (names_ <= syntax_.max_names) return absl::OkStatus();
  return cursor_.Wrong(begin, fmt::format("stands for more than {} names", syntax_.max_names));
}

}  // namespace muster
