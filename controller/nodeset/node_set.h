// A set of node names, as operators write and read them: "nid[000001-000100,7]-nmn", "x[1000-1003]c[0-7]s[0-7]b[0-1]n[0-1]". Inside
// it is integers; names are made when they are asked for. A name is what stands there, so that n1 and n01 are two. A value; pure; any
// thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "common/status.h"
#include "controller/nodeset/node_name.h"
#include "controller/nodeset/points.h"

namespace muster {

// More than this from one text is an error: no system has them, and a typing mistake such as x[0-99999999] does.
inline constexpr size_t kMaxNodeSetSize = 1'000'000;

// What an operator does with the set before it and the set after it.
enum class NodeSetOperator {
  kUnion,                // ','
  kDifference,           // '!'
  kIntersection,         // '&'
  kSymmetricDifference,  // '^'
};

class NodeSet {
 public:
  using Shapes = std::map<std::string, Points>;

  NodeSet() = default;
  // Names in any order; repeats count once, and empty ones not at all. The names are ones that IsNodeName accepts.
  explicit NodeSet(const std::vector<std::string>& names);
  // Of rows in any order, by their shape.
  explicit NodeSet(Shapes points_by_shape);

  bool empty() const { return points_by_shape_.empty(); }
  size_t size() const;
  // In natural order, each once.
  std::vector<std::string> Names() const;
  // A short text that stands for exactly these names, with ',' as its only operator; empty for none. Equal sets have equal texts.
  std::string Folded() const;
  // At most `parts` sets, as many if there are so many names, whose sizes differ by one at most; in natural order, with nothing left out.
  std::vector<NodeSet> Split(size_t parts) const;

  // All that is in any of them. Of many sets this is one sort, where kUnion one by one copies what is there already again and again.
  static NodeSet UnionOf(const std::vector<NodeSet>& sets);

  // Does with `other` what the operator says.
  void Apply(NodeSetOperator op, const NodeSet& other);

  // For this room.
  const Shapes& points_by_shape() const { return points_by_shape_; }

  bool operator==(const NodeSet&) const = default;

 private:
  // The rows of each are sorted, each once; none is without a name.
  Shapes points_by_shape_;
};

// The names that `text` stands for (see node_set_expression.h): sorted naturally, each once. INVALID_ARGUMENT with one sentence that
// shows what is wrong and where; also for a text that stands for no node, and for more than `max_names`, which are counted before any is
// made.
absl::StatusOr<std::vector<std::string>> ExpandNodeSet(const std::string& text,
                                                       size_t max_names = kMaxNodeSetSize);

// NodeSet(names).Folded().
std::string FoldNodeSet(const std::vector<std::string>& names);

}  // namespace muster
