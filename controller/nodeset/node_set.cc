// The algebra. Both sets' rows are sorted, so that an operator is one walk over the two arrays of each shape.
#include "controller/nodeset/node_set.h"

#include <algorithm>
#include <compare>
#include <utility>

#include "controller/nodeset/fold.h"
#include "controller/nodeset/node_set_expression.h"

namespace muster {
namespace {

// Of the names that both sets have, that only the first has, and that only the second has: which a result has.
struct Kept {
  bool both;
  bool first;
  bool second;
};

Kept KeptBy(NodeSetOperator op) {
  switch (op) {
    case NodeSetOperator::kUnion:
      return {.both = true, .first = true, .second = true};
    case NodeSetOperator::kDifference:
      return {.both = false, .first = true, .second = false};
    case NodeSetOperator::kIntersection:
      return {.both = true, .first = false, .second = false};
    case NodeSetOperator::kSymmetricDifference:
      return {.both = false, .first = true, .second = true};
  }
  return {};
}

// The rows of `a` and `b`, of one shape, that are kept. The shape's width is not 0.
Points Merged(const Points& a, const Points& b, const Kept& kept) {
  Points merged(a.width);
  const auto keep = [&](const Digits* row) {
    merged.numbers.insert(merged.numbers.end(), row, row + merged.width);
  };
  size_t i = 0;
  size_t j = 0;
  while (i < a.count() && j < b.count()) {
    const Digits* x = a.Row(i);
    const Digits* y = b.Row(j);
    const auto order = std::lexicographical_compare_three_way(x, x + a.width, y, y + a.width);
    const bool is_kept = order < 0 ? kept.first : order > 0 ? kept.second : kept.both;
    if (is_kept) keep(order > 0 ? y : x);
    if (order <= 0) ++i;
    if (order >= 0) ++j;
  }
  if (kept.first && i < a.count()) {
    merged.numbers.insert(merged.numbers.end(), a.numbers.begin() + i * a.width, a.numbers.end());
  }
  if (kept.second && j < b.count()) {
    merged.numbers.insert(merged.numbers.end(), b.numbers.begin() + j * b.width, b.numbers.end());
  }
  return merged;
}

// True if something is left.
bool Merge(Points& points, const Points& other, const Kept& kept) {
  if (points.width == 0) return kept.both;
  points = Merged(points, other, kept);
  return !points.numbers.empty();
}

// The names of one shape, in order.
std::vector<std::string> NamesOf(const std::string& shape, const Points& points) {
  std::vector<std::string> names(points.count());
  for (size_t i = 0; i < points.count(); ++i) AppendName(shape, points.Row(i), names[i]);
  return names;
}

}  // namespace

NodeSet::NodeSet(const std::vector<std::string>& names) {
  std::string shape;
  std::vector<Digits> numbers;
  Points* points = nullptr;
  std::string last_shape;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    numbers.clear();
    SplitName(name, shape, numbers);
    if (points == nullptr || shape != last_shape) {
      points = &points_by_shape_.try_emplace(shape, numbers.size()).first->second;
      last_shape = shape;
    }
    points->numbers.insert(points->numbers.end(), numbers.begin(), numbers.end());
  }
  for (auto& entry : points_by_shape_) SortOnce(entry.second);
}

NodeSet::NodeSet(Shapes points_by_shape) : points_by_shape_(std::move(points_by_shape)) {
  for (auto& entry : points_by_shape_) SortOnce(entry.second);
}

NodeSet NodeSet::UnionOf(const std::vector<NodeSet>& sets) {
  Shapes all;
  for (const NodeSet& set : sets) {
    for (const auto& [shape, points] : set.points_by_shape_) {
      Points& more = all.try_emplace(shape, points.width).first->second;
      more.numbers.insert(more.numbers.end(), points.numbers.begin(), points.numbers.end());
    }
  }
  return NodeSet(std::move(all));
}

size_t NodeSet::size() const {
  size_t size = 0;
  for (const auto& entry : points_by_shape_) size += entry.second.count();
  return size;
}

std::vector<std::string> NodeSet::Names() const {
  std::vector<std::string> names;
  for (const auto& [shape, points] : points_by_shape_) {
    std::vector<std::string> more = NamesOf(shape, points);
    if (names.empty()) {
      names = std::move(more);
    } else {
      names.insert(names.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
    }
  }
  if (!std::is_sorted(names.begin(), names.end(), NaturalLess))
    std::sort(names.begin(), names.end(), NaturalLess);
  return names;
}

std::string NodeSet::Folded() const {
  std::string text;
  for (const auto& [shape, points] : points_by_shape_) AppendFolded(shape, points, text);
  return text;
}

std::vector<NodeSet> NodeSet::Split(size_t parts) const {
  const std::vector<std::string> names = Names();
  parts = std::min(parts, names.size());
  std::vector<NodeSet> split;
  for (size_t i = 0; i < parts; ++i) {
    // The first ones have the names that are left over.
    const size_t begin = i * (names.size() / parts) + std::min(i, names.size() % parts);
    const size_t size = names.size() / parts + (i < names.size() % parts ? 1 : 0);
    split.emplace_back(
        std::vector<std::string>(names.begin() + begin, names.begin() + begin + size));
  }
  return split;
}

void NodeSet::Apply(NodeSetOperator op, const NodeSet& other) {
  const Kept kept = KeptBy(op);
  std::vector<const Shapes::value_type*> added;
  for (const auto& entry : other.points_by_shape_) {
    const auto found = points_by_shape_.find(entry.first);
    if (found == points_by_shape_.end()) {
      if (kept.second) added.push_back(&entry);
    } else if (!Merge(found->second, entry.second, kept)) {
      points_by_shape_.erase(found);
    }
  }
  if (!kept.first)
    std::erase_if(points_by_shape_,
                  [&](const auto& entry) { return !other.points_by_shape_.contains(entry.first); });
  for (const auto* entry : added) points_by_shape_.insert(*entry);
}

absl::StatusOr<std::vector<std::string>> ExpandNodeSet(const std::string& text, size_t max_names) {
  const absl::StatusOr<NodeSet> nodes = ParseNodeSet(text, max_names);
  if (!nodes.ok()) return nodes.status();
  return nodes->Names();
}

std::string FoldNodeSet(const std::vector<std::string>& names) { return NodeSet(names).Folded(); }

}  // namespace muster
