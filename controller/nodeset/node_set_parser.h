// The reader behind ParseNodeSetExpression. Pure; of this room alone.
#pragma once

#include <string>

#include "controller/nodeset/node_set_expression.h"
#include "controller/nodeset/text_cursor.h"

namespace muster {

class NodeSetParser {
 public:
  // Both outlive this.
  NodeSetParser(const std::string& text, const NodeSetSyntax& syntax)
      : cursor_(text), syntax_(syntax) {}

  absl::StatusOr<NodeSetExpression> Parse();

 private:
  // What stands between the last operand and the next.
  struct Gap {
    bool has_comma = false;
    bool has_blank = false;
  };

  absl::StatusOr<NodeSetExpression> ParseTerms(size_t depth);
  Gap SkipGap();
  bool IsAtOperator(const Gap& gap, bool is_first) const;
  absl::StatusOr<NodeSetOperator> ParseOperator(const Gap& gap, bool is_first);
  class TermList;
  absl::Status ParseOperand(NodeSetOperator op, size_t depth, TermList& terms);
  absl::Status ParseParentheses(NodeSetOperator op, size_t depth, TermList& terms);
  absl::Status ParseWord(NodeSetOperator op, TermList& terms);
  absl::Status ParseName(NodeSetOperator op, TermList& terms);
  bool IsAtWord() const;
  absl::Status AddToCount(size_t begin, size_t count);

  TextCursor cursor_;
  const NodeSetSyntax& syntax_;
  size_t names_ = 0;
  size_t operators_ = 0;
};

}  // namespace muster
