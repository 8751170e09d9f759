// A bracket is one dimension of the names' shape, unless digits or another bracket stand beside it: n1[0-9] has the number that both
// make. Such names are made as text and taken apart again.
#include "controller/nodeset/pattern.h"

#include <algorithm>

#include "common/ascii.h"
#include "common/limits.h"

namespace muster {
namespace {

uint64_t CountOf(const PatternPart& part) {
  if (part.ranges.empty()) return 1;
  uint64_t count = 0;
  for (const Range& range : part.ranges)
    count = std::min<uint64_t>(count + range.Count(), kMaxNodeSetSize + 1);
  return count;
}

size_t LongestName(const Pattern& pattern) {
  size_t bytes = 0;
  for (const PatternPart& part : pattern) {
    size_t digits = 0;
    for (const Range& range : part.ranges)
      digits = std::max(digits, Digits::Padded(range.last, range.width).size());
    bytes += part.text.size() + digits;
  }
  return bytes;
}

// Parses one pattern.
class PatternParser {
 public:
  explicit PatternParser(TextCursor& cursor) : cursor_(cursor) {}

  absl::StatusOr<Pattern> Parse() {
    const size_t begin = cursor_.position();
    Pattern pattern;
    while (!cursor_.AtEnd() && !EndsName(cursor_.Next())) {
      absl::StatusOr<PatternPart> part = cursor_.Next() == '[' ? ParseBracket() : ParseText();
      if (!part.ok()) return part.status();
      pattern.push_back(*std::move(part));
    }
    const std::string& first = pattern.front().text;
    if (!first.empty() && !IsNodeName(first.substr(0, 1)))
      return cursor_.Wrong(begin, "a name begins with a letter or a digit");
    if (LongestName(pattern) > limits::kMaxNameBytes)
      return cursor_.Wrong(begin,
                           fmt::format("a name has at most {} characters", limits::kMaxNameBytes));
    return pattern;
  }

 private:
  absl::StatusOr<PatternPart> ParseText() {
    PatternPart part;
    while (!cursor_.AtEnd() && !EndsName(cursor_.Next()) && cursor_.Next() != '[') {
      // As the second character of a name, any that is allowed in one passes.
      if (!IsNodeName(std::string{'x', cursor_.Next()}))
        return cursor_.Wrong(cursor_.position(), cursor_.Next() == ']'
                                                     ? "']' has no '['"
                                                     : "this character is in no name");
      part.text.push_back(cursor_.Take());
    }
    return part;
  }

  absl::StatusOr<PatternPart> ParseBracket() {
    const size_t begin = cursor_.position();
    PatternPart part;
    do {
      cursor_.Skip();  // '[' or ','
      absl::StatusOr<Range> range = ParseRange(begin);
      if (!range.ok()) return range.status();
      part.ranges.push_back(*range);
    } while (cursor_.Next() == ',');
    if (cursor_.AtEnd()) return cursor_.Wrong(begin, "'[' has no ']'");
    if (cursor_.Next() != ']') return cursor_.Wrong(cursor_.position(), "expected ',' or ']'");
    cursor_.Skip();
    return part;
  }

  absl::StatusOr<Range> ParseRange(size_t bracket) {
    absl::StatusOr<std::string> first = ParseDigits(bracket);
    if (!first.ok()) return first.status();
    const size_t begin = cursor_.position() - first->size();
    cursor_.SkipBlanks();
    if (cursor_.Next() != '-') {
      const uint64_t value = Digits::Read(*first).value();
      return WithStep({.first = value, .last = value, .width = first->size()}, bracket);
    }
    cursor_.Skip();
    absl::StatusOr<std::string> last = ParseDigits(bracket);
    if (!last.ok()) return last.status();
    Range range{.first = Digits::Read(*first).value(), .last = Digits::Read(*last).value()};
    if (range.last < range.first)
      return cursor_.Wrong(begin, fmt::format("{}-{} runs backwards", *first, *last));
    range.width = Digits::Read(*first).padding();
    if (Digits::Padded(range.last, range.width) != Digits::Read(*last))
      return cursor_.Wrong(begin, fmt::format("{} and {} are not padded alike", *first, *last));
    cursor_.SkipBlanks();
    return WithStep(range, bracket);
  }

  absl::StatusOr<Range> WithStep(Range range, size_t bracket) {
    if (cursor_.Next() != '/') return range;
    cursor_.Skip();
    absl::StatusOr<std::string> step = ParseDigits(bracket);
    if (!step.ok()) return step.status();
    const size_t begin = cursor_.position() - step->size();
    range.step = Digits::Read(*step).value();
    if (range.step == 0) return cursor_.Wrong(begin, "a step is at least 1");
    cursor_.SkipBlanks();
    return range;
  }

  // With the blanks before them.
  absl::StatusOr<std::string> ParseDigits(size_t bracket) {
    cursor_.SkipBlanks();
    const size_t begin = cursor_.position();
    while (IsDigit(cursor_.Next())) cursor_.Skip();
    const size_t size = cursor_.position() - begin;
    if (size == 0)
      return cursor_.AtEnd() ? cursor_.Wrong(bracket, "'[' has no ']'")
                             : cursor_.Wrong(begin, "expected a number");
    if (size > kMaxNodeSetDigits)
      return cursor_.Wrong(begin, fmt::format("a number has at most {} digits", kMaxNodeSetDigits));
    return cursor_.TextFrom(begin);
  }

  TextCursor& cursor_;
};

// All numbers of a bracket, sorted.
std::vector<Digits> NumbersOf(const PatternPart& part) {
  std::vector<Digits> numbers;
  for (const Range& range : part.ranges) {
    for (uint64_t i = 0, value = range.first; i < range.Count(); ++i, value += range.step)
      numbers.push_back(Digits::Padded(value, range.width));
  }
  if (!std::is_sorted(numbers.begin(), numbers.end())) std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// True if a bracket stands beside a digit or another bracket.
bool HasJoinedNumbers(const Pattern& pattern) {
  for (size_t i = 1; i < pattern.size(); ++i) {
    const PatternPart& left = pattern[i - 1];
    const PatternPart& right = pattern[i];
    const bool left_ends_so = !left.ranges.empty() || IsDigit(left.text.back());
    const bool right_begins_so = !right.ranges.empty() || IsDigit(right.text.front());
    if (left_ends_so && right_begins_so) return true;
  }
  return false;
}

// Calls `row` with the numbers of each combination, in order.
template <typename Row>
void ForEachRow(const std::vector<std::vector<Digits>>& dimensions, const Row& row) {
  std::vector<Digits> numbers;
  for (const std::vector<Digits>& dimension : dimensions) numbers.push_back(dimension.front());
  std::vector<size_t> at(dimensions.size(), 0);
  for (;;) {
    row(numbers);
    size_t d = dimensions.size();
    while (d > 0 && at[d - 1] + 1 == dimensions[d - 1].size()) {
      --d;
      at[d] = 0;
      numbers[d] = dimensions[d].front();
    }
    if (d == 0) return;
    numbers[d - 1] = dimensions[d - 1][++at[d - 1]];
  }
}

// Each number of the shape has a bracket or a text of its own.
void AddRows(const Pattern& pattern, NodeSet::Shapes& shapes) {
  std::string shape;
  std::vector<std::vector<Digits>> dimensions;
  for (const PatternPart& part : pattern) {
    if (part.ranges.empty()) {
      std::string text_shape;
      std::vector<Digits> numbers;
      SplitName(part.text, text_shape, numbers);
      shape += text_shape;
      for (const Digits& number : numbers) dimensions.push_back({number});
    } else {
      shape += kNumber;
      dimensions.push_back(NumbersOf(part));
    }
  }
  Points& points = shapes.try_emplace(shape, dimensions.size()).first->second;
  if (dimensions.empty()) return;
  ForEachRow(dimensions, [&](const std::vector<Digits>& row) {
    points.numbers.insert(points.numbers.end(), row.begin(), row.end());
  });
}

// By the text of each name.
void AddJoined(const Pattern& pattern, NodeSet::Shapes& shapes) {
  std::string with_gaps;
  std::vector<std::vector<Digits>> dimensions;
  for (const PatternPart& part : pattern) {
    with_gaps += part.text;
    if (part.ranges.empty()) continue;
    with_gaps += kNumber;
    dimensions.push_back(NumbersOf(part));
  }
  std::string name;
  std::string shape;
  std::vector<Digits> numbers;
  ForEachRow(dimensions, [&](const std::vector<Digits>& row) {
    name.clear();
    numbers.clear();
    AppendName(with_gaps, row.data(), name);
    SplitName(name, shape, numbers);
    Points& points = shapes.try_emplace(shape, numbers.size()).first->second;
    points.numbers.insert(points.numbers.end(), numbers.begin(), numbers.end());
  });
}

}  // namespace

bool EndsName(char c) {
  return IsBlank(c) || c == ',' || c == '!' || c == '&' || c == '^' || c == '(' || c == ')';
}

absl::StatusOr<Pattern> ParsePattern(TextCursor& cursor) { return PatternParser(cursor).Parse(); }

uint64_t CountOf(const Pattern& pattern) {
  uint64_t count = 1;
  // Both factors are at most kMaxNodeSetSize + 1, so that the product cannot overflow.
  for (const PatternPart& part : pattern)
    count = std::min<uint64_t>(count * CountOf(part), kMaxNodeSetSize + 1);
  return count;
}

void AddNames(const Pattern& pattern, NodeSet::Shapes& shapes) {
  HasJoinedNumbers(pattern) ? AddJoined(pattern, shapes) : AddRows(pattern, shapes);
}

}  // namespace muster
