// Folding. Names with the same text around their digit runs (their shape) are points in a space with one dimension for each
// run. Within a shape the points become boxes: a box has a set of numbers for each dimension and stands for all their
// combinations. Two boxes that differ in one dimension only are one box with the union there; this goes over the dimensions,
// last first, until nothing changes. Boxes stay disjoint and cover exactly the points throughout, so any stop is right and more
// passes only make the text shorter. Everything is integers: a number is its rank in its dimension, a set its number in
// a table, so that equal sets are equal integers and a pass is a sort.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "controller/inventory/node_set.h"

namespace muster {
namespace {

// In a shape, stands where a number was. It is in no name.
constexpr char kNumber = '\0';
// Each pass that does not change anything is the last; this only bounds the time of sets with many holes.
constexpr int kMaxPasses = 4;

// A number as it was written: 7 and 007 differ. Ordered by value, then by length.
using Digits = std::pair<uint64_t, size_t>;
// A set of ranks, sorted.
using Ranks = std::vector<uint32_t>;

std::string Written(const Digits& digits) {
  return fmt::format("{:0{}}", digits.first, digits.second);
}

// Splits `name` into its shape, which it returns, and its numbers, which it adds to `numbers`.
std::string Split(std::string_view name, std::vector<Digits>& numbers) {
  std::string shape;
  for (size_t i = 0; i < name.size();) {
    size_t end = i;
    while (end < name.size() && IsDigit(name[end])) ++end;
    const size_t size = end - i;
    if (size > 0 && size <= kMaxNodeSetDigits) {
      uint64_t value = 0;
      std::from_chars(name.data() + i, name.data() + end, value);
      numbers.emplace_back(value, size);
      shape.push_back(kNumber);
    } else {
      end = std::max(end, i + 1);
      shape.append(name.substr(i, end - i));
    }
    i = end;
  }
  return shape;
}

// The sets of ranks that boxes have in one dimension; equal sets have equal numbers.
class SetTable {
 public:
  uint32_t NumberOf(Ranks ranks) {
    const auto [entry, is_new] = numbers_.emplace(std::move(ranks), numbers_.size());
    if (is_new) sets_.push_back(&entry->first);
    return entry->second;
  }
  const Ranks& Set(uint32_t number) const { return *sets_[number]; }

 private:
  std::map<Ranks, uint32_t> numbers_;
  std::vector<const Ranks*> sets_;  // nodes of a map stay where they are
};

// One dimension's numbers, and their sets.
struct Dimension {
  std::vector<Digits> numbers;  // by rank
  SetTable sets;
};

// Boxes of one shape. Box i is the set numbers boxes[i * dimensions.size()] and on.
struct Boxes {
  std::vector<Dimension> dimensions;
  std::vector<uint32_t> sets;

  size_t width() const { return dimensions.size(); }
  size_t count() const { return sets.size() / width(); }
  const uint32_t* Box(size_t i) const { return &sets[i * width()]; }
};

// One box for each distinct point. `points` has `width` numbers for each.
Boxes BoxesOf(const std::vector<Digits>& points, size_t width) {
  Boxes boxes;
  boxes.dimensions.resize(width);
  boxes.sets.resize(points.size());
  for (size_t d = 0; d < width; ++d) {
    std::vector<Digits>& numbers = boxes.dimensions[d].numbers;
    for (size_t i = d; i < points.size(); i += width) numbers.push_back(points[i]);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    for (uint32_t rank = 0; rank < numbers.size(); ++rank)
      boxes.dimensions[d].sets.NumberOf({rank});
    for (size_t i = d; i < points.size(); i += width) {
      const auto found = std::lower_bound(numbers.begin(), numbers.end(), points[i]);
      boxes.sets[i] = static_cast<uint32_t>(found - numbers.begin());
    }
  }
  return boxes;
}

// Orders boxes by everything but dimension `d`, then by `d`. Ranks are the first set numbers, so this is also the
// order of points.
bool BoxLess(const uint32_t* a, const uint32_t* b, size_t width, size_t d) {
  for (size_t i = 0; i < width; ++i) {
    if (i != d && a[i] != b[i]) return a[i] < b[i];
  }
  return a[d] < b[d];
}

bool SameBut(const uint32_t* a, const uint32_t* b, size_t width, size_t d) {
  for (size_t i = 0; i < width; ++i) {
    if (i != d && a[i] != b[i]) return false;
  }
  return true;
}

// The union of the sets that boxes [begin, end) of `order` have in dimension `d`.
uint32_t Union(Boxes& boxes, const std::vector<size_t>& order, size_t begin, size_t end, size_t d) {
  SetTable& sets = boxes.dimensions[d].sets;
  if (end - begin == 1) return boxes.Box(order[begin])[d];
  Ranks ranks;
  for (size_t i = begin; i < end; ++i) {
    const Ranks& more = sets.Set(boxes.Box(order[i])[d]);
    ranks.insert(ranks.end(), more.begin(), more.end());
  }
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());  // repeated names
  return sets.NumberOf(std::move(ranks));
}

// Joins the boxes that differ in dimension `d` only.
void Join(Boxes& boxes, size_t d) {
  const size_t width = boxes.width();
  std::vector<size_t> order(boxes.count());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return BoxLess(boxes.Box(a), boxes.Box(b), width, d); });
  std::vector<uint32_t> joined;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const uint32_t* first = boxes.Box(order[begin]);
    while (end < order.size() && SameBut(first, boxes.Box(order[end]), width, d)) ++end;
    const size_t place = joined.size();
    joined.insert(joined.end(), first, first + width);
    joined[place + d] = Union(boxes, order, begin, end, d);
  }
  boxes.sets = std::move(joined);
}

void JoinAll(Boxes& boxes) {
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    const size_t before = boxes.count();
    for (size_t d = boxes.width(); d > 0; --d) Join(boxes, d - 1);
    if (boxes.count() == before) return;
  }
}

// Numbers that follow each other and are padded alike. Width 0: not padded.
struct Run {
  Digits first;
  Digits last;
  size_t width = 0;
};

size_t PaddingOf(const Digits& digits) {
  return std::to_string(digits.first).size() < digits.second ? digits.second : 0;
}

// 100 follows 99, and 099 as well.
bool Follows(const Run& run, const Digits& digits) {
  if (digits.first != run.last.first + 1) return false;
  const size_t padding = PaddingOf(digits);
  if (padding > 0) return padding == run.width;
  return digits.second >= run.width;
}

// The runs of `numbers`, which are sorted, by their first numbers. 7 among 000001 to 000100 is a run of its own and does not
// interrupt theirs.
std::vector<Run> RunsOf(const std::vector<Digits>& numbers) {
  std::vector<Run> runs;
  std::vector<size_t> open;  // of `runs`; they end at the number before this or at the same value
  for (const Digits& digits : numbers) {
    std::erase_if(open, [&](size_t i) { return runs[i].last.first + 1 < digits.first; });
    const auto found =
        std::find_if(open.begin(), open.end(), [&](size_t i) { return Follows(runs[i], digits); });
    if (found != open.end()) {
      runs[*found].last = digits;
      continue;
    }
    open.push_back(runs.size());
    runs.push_back({digits, digits, PaddingOf(digits)});
  }
  return runs;
}

// "7", "[1-3,7]".
std::string TextOf(const Dimension& dimension, uint32_t set) {
  std::vector<Digits> numbers;
  for (const uint32_t rank : dimension.sets.Set(set)) numbers.push_back(dimension.numbers[rank]);
  if (numbers.size() == 1) return Written(numbers.front());
  std::string text;
  for (const Run& run : RunsOf(numbers)) {
    text += text.empty() ? '[' : ',';
    text += Written(run.first);
    if (run.first != run.last) text += "-" + Written(run.last);
  }
  return text + "]";
}

std::string TextOf(const Boxes& boxes, const uint32_t* box, const std::string& shape) {
  std::string text;
  size_t d = 0;
  for (const char c : shape) {
    if (c != kNumber) {
      text.push_back(c);
      continue;
    }
    text += TextOf(boxes.dimensions[d], box[d]);
    ++d;
  }
  return text;
}

// The first point of a box.
std::vector<Digits> FirstOf(const Boxes& boxes, const uint32_t* box) {
  std::vector<Digits> point;
  for (size_t d = 0; d < boxes.width(); ++d) {
    const Dimension& dimension = boxes.dimensions[d];
    point.push_back(dimension.numbers[dimension.sets.Set(box[d]).front()]);
  }
  return point;
}

// The texts of one shape's boxes, in the order of their first points.
void AddTexts(const std::string& shape, const std::vector<Digits>& points,
              std::vector<std::string>& texts) {
  const size_t width = std::count(shape.begin(), shape.end(), kNumber);
  if (width == 0) {
    texts.push_back(shape);
    return;
  }
  Boxes boxes = BoxesOf(points, width);
  JoinAll(boxes);
  std::vector<std::pair<std::vector<Digits>, size_t>> order;
  for (size_t i = 0; i < boxes.count(); ++i) order.emplace_back(FirstOf(boxes, boxes.Box(i)), i);
  std::sort(order.begin(), order.end());
  for (const auto& [point, i] : order) texts.push_back(TextOf(boxes, boxes.Box(i), shape));
}

}  // namespace

std::string FoldNodeSet(const std::vector<std::string>& names) {
  std::map<std::string, std::vector<Digits>> points_by_shape;
  std::vector<Digits> numbers;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    numbers.clear();
    std::vector<Digits>& points = points_by_shape[Split(name, numbers)];
    points.insert(points.end(), numbers.begin(), numbers.end());
  }
  std::vector<std::string> texts;
  for (const auto& [shape, points] : points_by_shape) AddTexts(shape, points, texts);
  std::string folded;
  for (const std::string& text : texts) folded += folded.empty() ? text : "," + text;
  return folded;
}

}  // namespace muster
