// Node sets as operators type them. What is read, is shown as a text that is read as the same; what it stands for, folds to a text that
// stands for the same names, in an order that is one.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "controller/nodeset/node_set_expression.h"
#include "tests/fuzz/require.h"

namespace muster::fuzz {
namespace {

// More names are more of the same, and take the time of thousands of inputs.
constexpr size_t kMaxNames = 3000;
// Of these every three are compared.
constexpr size_t kMaxOrdered = 12;

void CheckOrder(const std::vector<std::string>& names) {
  const size_t count = std::min(names.size(), kMaxOrdered);
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = 0; b < count; ++b) {
      Require(NaturalLess(names[a], names[b]) == (a < b), "the names are sorted, each once",
              names[a] + " " + names[b]);
    }
  }
}

void CheckFold(const std::vector<std::string>& names) {
  const std::string folded = FoldNodeSet(names);
  const auto again = ExpandNodeSet(folded);
  Require(again.ok(), "a folded set expands", folded);
  Require(*again == names, "a folded set stands for the same names", folded);
  std::vector<std::string> shuffled(names.rbegin(), names.rend());
  shuffled.push_back(names.front());
  Require(FoldNodeSet(shuffled) == folded, "order and repetition do not matter", folded);
}

void CheckText(const NodeSetExpression& expression, const NodeSet& nodes) {
  const std::string text = TextOf(expression);
  if (expression.empty()) return Require(text.empty() && nodes.empty(), "nothing is nothing", text);
  const auto again = ParseNodeSetExpression(text);
  Require(again.ok(), "an expression's text can be read", text);
  Require(TextOf(*again) == text, "an expression's text is its own", text);
  Require(Evaluate(*again) == nodes, "an expression's text stands for the same names", text);
}

// What the operators are to each other.
void CheckAlgebra(const NodeSet& a, const NodeSet& b) {
  const auto with = [](NodeSet nodes, NodeSetOperator op, const NodeSet& other) {
    nodes.Apply(op, other);
    return nodes;
  };
  const NodeSet both = with(a, NodeSetOperator::kIntersection, b);
  const NodeSet all = with(a, NodeSetOperator::kUnion, b);
  Require(both == with(b, NodeSetOperator::kIntersection, a), "both are both from either side");
  Require(all.size() + both.size() == a.size() + b.size(), "all and both are one and the other");
  Require(with(all, NodeSetOperator::kDifference, both) ==
              with(a, NodeSetOperator::kSymmetricDifference, b),
          "all but both are those of one alone");
  Require(with(with(a, NodeSetOperator::kDifference, b), NodeSetOperator::kUnion, both) == a,
          "what is taken away and what is not are all");
}

void Check(const std::string& text) {
  const auto expression = ParseNodeSetExpression(text, {.max_names = kMaxNames});
  if (!expression.ok()) {
    const std::string message = Message(expression.status());
    Require(expression.status().code() == absl::StatusCode::kInvalidArgument,
            "bad input is the caller's");
    Require(message.find('\n') == std::string::npos, "an error is one line", message);
    return;
  }
  const NodeSet nodes = Evaluate(*expression);
  const std::vector<std::string> names = nodes.Names();
  Require(names.size() == nodes.size() && names.size() <= kMaxNames, "at most the limit");
  Require(std::all_of(names.begin(), names.end(), IsNodeName), "only node names", text);
  Require(NodeSet(names) == nodes, "names are the set");
  CheckText(*expression, nodes);
  for (const NodeSetTerm& term : *expression) CheckAlgebra(nodes, term.nodes);
  CheckOrder(names);
  if (!names.empty()) CheckFold(names);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::fuzz::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
