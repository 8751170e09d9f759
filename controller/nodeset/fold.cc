// A shape's points lie in a space with one dimension for each number. A box has a set of numbers for each dimension and stands for
// all their combinations; boxes stay disjoint and cover exactly the points throughout.
//
// The rows are sorted, so that points with the same beginning stand together. From the last dimension to the first, what follows a
// number is its tail: sets for all later dimensions. Of the points with the same beginning, those with the same tail are one,
// with the union of their numbers. Then boxes that differ in one dimension only are joined, dimension by dimension, until
// nothing changes; this finds what the order of the dimensions hid.
//
// Everything is integers: a number is its rank in its dimension, and a set or a tail its place in a table, so that equal ones are equal
// integers. All is in an order that the points alone decide, and so is the text.
#include "controller/nodeset/fold.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/hash/hash.h>
#include <absl/types/span.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <numeric>
#include <utility>
#include <vector>

namespace muster {
namespace {

// Each pass over the boxes that changes nothing is the last; this bounds the time of sets with many holes.
constexpr int kMaxPasses = 3;

using Ranks = absl::Span<const uint32_t>;

// The sets of ranks that boxes have in one dimension, one after the other in one array; equal sets have equal numbers.
class SetTable {
 public:
  SetTable() : numbers_(0, Hash{this}, Equal{this}) {}
  SetTable(const SetTable&) = delete;
  SetTable& operator=(const SetTable&) = delete;

  // `ranks` are sorted, each once, and in no table.
  uint32_t NumberOf(Ranks ranks) {
    const auto number = static_cast<uint32_t>(begins_.size());
    begins_.push_back(static_cast<uint32_t>(ranks_.size()));
    ranks_.insert(ranks_.end(), ranks.begin(), ranks.end());
    const auto [found, is_new] = numbers_.insert(number);
    if (!is_new) {
      ranks_.resize(begins_.back());
      begins_.pop_back();
    }
    return *found;
  }
  Ranks Set(uint32_t number) const {
    const size_t end = number + 1 < begins_.size() ? begins_[number + 1] : ranks_.size();
    return {ranks_.data() + begins_[number], end - begins_[number]};
  }

 private:
  struct Hash {
    size_t operator()(uint32_t number) const { return absl::Hash<Ranks>()(table->Set(number)); }
    const SetTable* table;
  };
  struct Equal {
    bool operator()(uint32_t a, uint32_t b) const { return table->Set(a) == table->Set(b); }
    const SetTable* table;
  };

  std::vector<uint32_t> ranks_;
  std::vector<uint32_t> begins_;
  absl::flat_hash_set<uint32_t, Hash, Equal> numbers_;
};

// A set of one dimension and the tail behind it.
struct Tail {
  uint32_t set;
  uint32_t rest;  // in the next dimension's tails
};

struct Dimension {
  std::vector<Digits> numbers;  // by rank
  SetTable sets;
  std::vector<Tail> tails;
};

// Boxes of one shape. Box i is the set numbers sets[i * dimensions.size()] and on.
struct Boxes {
  explicit Boxes(size_t width) : dimensions(width) {}

  size_t width() const { return dimensions.size(); }
  size_t count() const { return sets.size() / width(); }
  const uint32_t* Box(size_t i) const { return &sets[i * width()]; }

  std::deque<Dimension> dimensions;  // they stay where they are
  std::vector<uint32_t> sets;
};

// The ranks of all rows in dimension `d`, and the numbers that they are ranks of.
std::vector<uint32_t> RanksOf(const Points& points, size_t d, std::vector<Digits>& numbers) {
  absl::flat_hash_map<uint64_t, uint32_t> rank_of;
  for (size_t i = 0; i < points.count(); ++i) {
    const Digits number = points.Row(i)[d];
    if (rank_of.try_emplace(number.key(), 0).second) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  for (uint32_t rank = 0; rank < numbers.size(); ++rank) rank_of[numbers[rank].key()] = rank;
  std::vector<uint32_t> ranks(points.count());
  for (size_t i = 0; i < points.count(); ++i) ranks[i] = rank_of[points.Row(i)[d].key()];
  return ranks;
}

// Points with the same beginning, of which `row` is the first, and what stands behind it.
struct Branch {
  uint32_t row;
  uint32_t tail;
};

// One step from the end to the beginning: branches that begin alike up to dimension `d` become few, with tails of dimension `d`.
class BranchJoiner {
 public:
  BranchJoiner(const Points& points, size_t d, Dimension& dimension)
      : points_(points),
        d_(d),
        dimension_(dimension),
        ranks_(RanksOf(points, d, dimension.numbers)) {}

  std::vector<Branch> Join(const std::vector<Branch>& branches) {
    for (size_t begin = 0, end = 0; begin < branches.size(); begin = end) {
      const uint32_t row = branches[begin].row;
      while (end < branches.size() && BeginAlike(row, branches[end].row)) ++end;
      JoinGroup({branches.data() + begin, end - begin});
    }
    return std::move(joined_);
  }

 private:
  bool BeginAlike(uint32_t a, uint32_t b) const {
    return std::equal(points_.Row(a), points_.Row(a) + d_, points_.Row(b));
  }

  // By their tails; the ranks of each are in order already.
  void JoinGroup(absl::Span<const Branch> group) {
    by_tail_.clear();
    for (const Branch& branch : group) by_tail_.emplace_back(branch.tail, ranks_[branch.row]);
    if (!std::is_sorted(by_tail_.begin(), by_tail_.end()))
      std::sort(by_tail_.begin(), by_tail_.end());
    for (size_t begin = 0, end = 0; begin < by_tail_.size(); begin = end) {
      set_.clear();
      for (; end < by_tail_.size() && by_tail_[end].first == by_tail_[begin].first; ++end)
        set_.push_back(by_tail_[end].second);
      const uint32_t set = dimension_.sets.NumberOf(set_);
      joined_.push_back({group.front().row, NumberOf({set, by_tail_[begin].first})});
    }
  }

  uint32_t NumberOf(const Tail& tail) {
    const uint64_t key = uint64_t{tail.set} << 32 | tail.rest;
    const auto [found, is_new] =
        tails_.try_emplace(key, static_cast<uint32_t>(dimension_.tails.size()));
    if (is_new) dimension_.tails.push_back(tail);
    return found->second;
  }

  const Points& points_;
  const size_t d_;
  Dimension& dimension_;
  const std::vector<uint32_t> ranks_;
  absl::flat_hash_map<uint64_t, uint32_t> tails_;
  std::vector<Branch> joined_;
  // Of one group and one set; here for their memory.
  std::vector<std::pair<uint32_t, uint32_t>> by_tail_;
  std::vector<uint32_t> set_;
};

void JoinBranches(const Points& points, Boxes& boxes) {
  std::vector<Branch> branches(points.count());
  for (uint32_t i = 0; i < branches.size(); ++i) branches[i] = {i, 0};
  for (size_t d = points.width; d > 0; --d)
    branches = BranchJoiner(points, d - 1, boxes.dimensions[d - 1]).Join(branches);
  boxes.sets.reserve(branches.size() * points.width);
  for (const Branch& branch : branches) {
    uint32_t tail = branch.tail;
    for (const Dimension& dimension : boxes.dimensions) {
      boxes.sets.push_back(dimension.tails[tail].set);
      tail = dimension.tails[tail].rest;
    }
  }
}

bool SameBut(const uint32_t* a, const uint32_t* b, size_t width, size_t d) {
  return std::equal(a, a + d, b) && std::equal(a + d + 1, a + width, b + d + 1);
}

// The order of boxes by everything but dimension `d`.
std::vector<uint32_t> OrderBut(const Boxes& boxes, size_t d) {
  const size_t width = boxes.width();
  std::vector<uint32_t> order(boxes.count());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) {
    const uint32_t* a = boxes.Box(x);
    const uint32_t* b = boxes.Box(y);
    for (size_t i = 0; i < width; ++i) {
      if (i != d && a[i] != b[i]) return a[i] < b[i];
    }
    return a[d] < b[d];
  });
  return order;
}

// The union of the sets that these boxes have in dimension `d`.
uint32_t Union(Boxes& boxes, absl::Span<const uint32_t> joined, size_t d) {
  SetTable& sets = boxes.dimensions[d].sets;
  std::vector<uint32_t> ranks;
  for (const uint32_t i : joined) {
    const Ranks more = sets.Set(boxes.Box(i)[d]);
    ranks.insert(ranks.end(), more.begin(), more.end());
  }
  std::sort(ranks.begin(), ranks.end());
  return sets.NumberOf(ranks);
}

// Joins the boxes that differ in dimension `d` only.
void JoinBoxes(Boxes& boxes, size_t d) {
  const size_t width = boxes.width();
  const std::vector<uint32_t> order = OrderBut(boxes, d);
  std::vector<uint32_t> joined;
  joined.reserve(boxes.sets.size());
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const uint32_t* first = boxes.Box(order[begin]);
    while (end < order.size() && SameBut(first, boxes.Box(order[end]), width, d)) ++end;
    joined.insert(joined.end(), first, first + width);
    if (end - begin > 1)
      joined[joined.size() - width + d] = Union(boxes, {order.data() + begin, end - begin}, d);
  }
  boxes.sets = std::move(joined);
}

// A shape of one dimension is one box by then.
void JoinAll(Boxes& boxes) {
  for (int pass = 0; pass < kMaxPasses && boxes.width() > 1; ++pass) {
    const size_t before = boxes.count();
    for (size_t d = boxes.width(); d > 0; --d) JoinBoxes(boxes, d - 1);
    if (boxes.count() == before) return;
  }
}

// Numbers that follow each other and are padded alike.
struct Run {
  Digits first;
  Digits last;
  size_t padding;
};

// 100 follows 99, and 099 as well.
bool Follows(const Run& run, const Digits& digits) {
  if (digits.value() != run.last.value() + 1) return false;
  const size_t padding = digits.padding();
  if (padding > 0) return padding == run.padding;
  return digits.size() >= run.padding;
}

// The runs of a set, by their first numbers. 7 among 000001 to 000100 is a run of its own and does not interrupt theirs.
std::vector<Run> RunsOf(const Dimension& dimension, Ranks set) {
  std::vector<Run> runs;
  std::vector<size_t> open;  // of `runs`; they end at the number before this or at the same value
  for (const uint32_t rank : set) {
    const Digits digits = dimension.numbers[rank];
    std::erase_if(open, [&](size_t i) { return runs[i].last.value() + 1 < digits.value(); });
    const auto found =
        std::find_if(open.begin(), open.end(), [&](size_t i) { return Follows(runs[i], digits); });
    if (found != open.end()) {
      runs[*found].last = digits;
      continue;
    }
    open.push_back(runs.size());
    runs.push_back({digits, digits, digits.padding()});
  }
  return runs;
}

// "7", "[1-3,7]".
std::string SetText(const Dimension& dimension, Ranks set) {
  std::string text;
  if (set.size() == 1) {
    dimension.numbers[set.front()].AppendTo(text);
    return text;
  }
  for (const Run& run : RunsOf(dimension, set)) {
    text += text.empty() ? '[' : ',';
    run.first.AppendTo(text);
    if (run.first == run.last) continue;
    text += '-';
    run.last.AppendTo(text);
  }
  return text + "]";
}

// The boxes in the order of their first points.
std::vector<uint32_t> OrderOf(const Boxes& boxes) {
  std::vector<uint32_t> first;  // ranks, as the sets
  first.reserve(boxes.sets.size());
  for (size_t i = 0; i < boxes.sets.size(); ++i)
    first.push_back(boxes.dimensions[i % boxes.width()].sets.Set(boxes.sets[i]).front());
  std::vector<uint32_t> order(boxes.count());
  std::iota(order.begin(), order.end(), 0);
  const size_t width = boxes.width();
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const auto row_a = first.begin() + a * width;
    const auto row_b = first.begin() + b * width;
    return std::lexicographical_compare(row_a, row_a + width, row_b, row_b + width);
  });
  return order;
}

// Writes boxes; the text of each set is made once.
class BoxWriter {
 public:
  BoxWriter(const std::string& shape, const Boxes& boxes)
      : shape_(shape), boxes_(boxes), texts_(boxes.width()) {}

  void Append(const uint32_t* box, std::string& text) {
    size_t d = 0;
    for (const char c : shape_) {
      if (c == kNumber) {
        text += TextOf(d, box[d]);
        ++d;
      } else {
        text.push_back(c);
      }
    }
  }

 private:
  const std::string& TextOf(size_t d, uint32_t set) {
    std::vector<std::string>& texts = texts_[d];
    if (set >= texts.size()) texts.resize(set + 1);
    const Dimension& dimension = boxes_.dimensions[d];
    if (texts[set].empty()) texts[set] = SetText(dimension, dimension.sets.Set(set));
    return texts[set];
  }

  const std::string& shape_;
  const Boxes& boxes_;
  std::vector<std::vector<std::string>> texts_;  // by dimension and set
};

}  // namespace

void AppendFolded(const std::string& shape, const Points& points, std::string& text) {
  if (!text.empty()) text += ',';
  if (points.width == 0 || points.count() == 1) return AppendName(shape, points.Row(0), text);
  Boxes boxes(points.width);
  JoinBranches(points, boxes);
  JoinAll(boxes);
  BoxWriter writer(shape, boxes);
  bool is_first = true;
  for (const uint32_t i : OrderOf(boxes)) {
    if (!std::exchange(is_first, false)) text += ',';
    writer.Append(boxes.Box(i), text);
  }
}

}  // namespace muster
