// What operators type for nodes, with operators and groups, as ClusterShell reads it.
//
//   name        letters, digits, '.', '_', '-'; "nid000001-nmn"
//   [ ]         numbers in a name: "[1-3,7]", "[0-10/2]"; several in one name stand for all combinations. A number is padded as it is
//               written: n[1,01] are two names, n[9-10] and n[009-010] are four. Both ends of a range are padded alike.
//   a,b  a b    both; also line ends
//   a!b         those of a that are not in b
//   a&b         those that are in both
//   a^b         those that are in one of them
//   ( )         one operand; ClusterShell has no such thing
//   @group      those of a group, where somebody looks groups up: see NodeSetSyntax
//
// Operators have no precedence: "a,b&c!d" is ((a,b)&c)!d. A text without operators is what RFC 29 of Flux calls a hostlist; there the first
// number's padding would be that of all in its brackets, and here, as in ClusterShell, it is its own. Not read are ClusterShell's
// negative numbers and wildcards. Pure; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/nodeset/node_set.h"

namespace muster {

// In one text; a set may be walked once for each. Those of ',' do not count.
inline constexpr size_t kMaxNodeSetOperators = 1000;
inline constexpr size_t kMaxNodeSetDepth = 16;

struct NodeSetTerm {
  NodeSetOperator op = NodeSetOperator::kUnion;
  NodeSet nodes = {};                   // not empty, if there is no inner
  std::vector<NodeSetTerm> inner = {};  // of parentheses
};

// Terms from left to right; the first one's operator is kUnion. Terms that change nothing are left out, so that none at all are the
// empty set, and what has no operators but ',' is one term without an inner.
using NodeSetExpression = std::vector<NodeSetTerm>;

// True for one that has no operators.
bool IsOneSet(const NodeSetExpression& expression);

struct NodeSetSyntax {
  size_t max_names = kMaxNodeSetSize;  // in all operands together
  // What words stand for that begin with '@', with '^' where no operator can be, and "-": groups and files of those who have them. Without
  // this they are errors. Its errors stand in for the parser's.
  std::function<absl::StatusOr<NodeSetExpression>(const std::string& word)> words = nullptr;
};

// INVALID_ARGUMENT with one sentence that shows what is wrong and where; also for a text without any name.
absl::StatusOr<NodeSetExpression> ParseNodeSetExpression(const std::string& text,
                                                         const NodeSetSyntax& syntax = {});

// By names: "a!b" takes away what b names, even if two names are one node's. NodeRegistry::Resolve does it by nodes.
NodeSet Evaluate(const NodeSetExpression& expression);

// Of all operands together, before any operator.
size_t CountNames(const NodeSetExpression& expression);

// A text that is parsed to the same.
std::string TextOf(const NodeSetExpression& expression);

// Parsed and evaluated; also INVALID_ARGUMENT if the set is empty.
absl::StatusOr<NodeSet> ParseNodeSet(const std::string& text, size_t max_names = kMaxNodeSetSize);

}  // namespace muster
