// Expansion. The text is parsed into patterns, each a row of parts; a part is literal text or the numbers of one bracket. The
// names are counted from the patterns before the first one is made, so that a mistyped range costs nothing.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ascii.h"
#include "common/limits.h"
#include "controller/inventory/node_set.h"

namespace muster {
namespace {

// Text that an error shows on each side of the mistake.
constexpr size_t kShownBytes = 40;

struct Range {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t step = 1;
  size_t width = 0;  // filled up with zeros to this

  uint64_t Count() const { return (last - first) / step + 1; }
};

struct Part {
  std::string text;           // used if there are no ranges
  std::vector<Range> ranges;  // of one bracket

  uint64_t Count() const {
    if (ranges.empty()) return 1;
    uint64_t count = 0;
    for (const Range& range : ranges)
      count = std::min<uint64_t>(count + range.Count(), kMaxNodeSetSize + 1);
    return count;
  }
};

using Pattern = std::vector<Part>;

bool IsSeparator(char c) { return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string WithZeros(uint64_t number, size_t width) {
  return fmt::format("{:0{}}", number, width);
}

size_t LongestName(const Pattern& pattern) {
  size_t bytes = 0;
  for (const Part& part : pattern) {
    size_t digits = 0;
    for (const Range& range : part.ranges)
      digits = std::max(digits, WithZeros(range.last, range.width).size());
    bytes += part.text.size() + digits;
  }
  return bytes;
}

// Error texts travel in protobuf strings and to terminals.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (c < ' ' || c > '~') c = IsSeparator(c) ? ' ' : '?';
  }
  return text;
}

class Parser {
 public:
  Parser(const std::string& text, size_t max_names) : text_(text), max_names_(max_names) {}

  absl::StatusOr<std::vector<Pattern>> Parse() {
    std::vector<Pattern> patterns;
    uint64_t count = 0;
    SkipSeparators();
    while (!AtEnd()) {
      const size_t begin = position_;
      absl::StatusOr<Pattern> pattern = ParsePattern();
      if (!pattern.ok()) return pattern.status();
      count += CountOf(*pattern);
      if (count > max_names_)
        return Wrong(begin, fmt::format("stands for more than {} names", max_names_));
      patterns.push_back(*std::move(pattern));
      SkipSeparators();
    }
    if (patterns.empty())
      return MakeStatus(absl::StatusCode::kInvalidArgument, "node set '{}': names no node",
                        Shown(0));
    return patterns;
  }

 private:
  bool AtEnd() const { return position_ == text_.size(); }
  char Next() const { return AtEnd() ? '\0' : text_[position_]; }
  void SkipSeparators() {
    while (!AtEnd() && IsSeparator(Next())) ++position_;
  }

  static uint64_t CountOf(const Pattern& pattern) {
    uint64_t count = 1;
    // Both factors are at most kMaxNodeSetSize + 1, so that the product cannot overflow.
    for (const Part& part : pattern)
      count = std::min<uint64_t>(count * part.Count(), kMaxNodeSetSize + 1);
    return count;
  }

  absl::StatusOr<Pattern> ParsePattern() {
    const size_t begin = position_;
    Pattern pattern;
    while (!AtEnd() && !IsSeparator(Next())) {
      absl::StatusOr<Part> part = Next() == '[' ? ParseBracket() : ParseText();
      if (!part.ok()) return part.status();
      pattern.push_back(*std::move(part));
    }
    if (!pattern.front().text.empty() && !IsNodeName(pattern.front().text.substr(0, 1)))
      return Wrong(begin, "a name begins with a letter or a digit");
    // It also bounds the number of parts, and so the depth of AddNames.
    if (LongestName(pattern) > limits::kMaxNameBytes)
      return Wrong(begin, fmt::format("a name has at most {} characters", limits::kMaxNameBytes));
    return pattern;
  }

  absl::StatusOr<Part> ParseText() {
    Part part;
    while (!AtEnd() && !IsSeparator(Next()) && Next() != '[') {
      // As the second character of a name, any that is allowed in one passes.
      if (!IsNodeName(std::string{'x', Next()}))
        return Wrong(position_, Next() == ']' ? "']' has no '['" : "this character is in no name");
      part.text.push_back(text_[position_++]);
    }
    return part;
  }

  absl::StatusOr<Part> ParseBracket() {
    const size_t begin = position_;
    Part part;
    do {
      ++position_;  // '[' or ','
      absl::StatusOr<Range> range = ParseRange(begin);
      if (!range.ok()) return range.status();
      part.ranges.push_back(*range);
    } while (Next() == ',');
    if (AtEnd()) return Wrong(begin, "'[' has no ']'");
    if (Next() != ']') return Wrong(position_, "expected ',' or ']'");
    ++position_;
    return part;
  }

  absl::StatusOr<Range> ParseRange(size_t bracket) {
    const size_t begin = position_;
    absl::StatusOr<std::string> first = ParseDigits(bracket);
    if (!first.ok()) return first.status();
    std::string last = *first;
    if (Next() == '-') {
      ++position_;
      absl::StatusOr<std::string> end = ParseDigits(bracket);
      if (!end.ok()) return end.status();
      last = *std::move(end);
    }
    Range range{.first = ValueOf(*first), .last = ValueOf(last)};
    if (range.last < range.first)
      return Wrong(begin, fmt::format("{}-{} runs backwards", *first, last));
    if (first->size() > 1 && first->front() == '0') range.width = first->size();
    if (WithZeros(range.last, range.width) != last)
      return Wrong(begin, fmt::format("{} and {} are not padded alike", *first, last));
    return WithStep(range, bracket);
  }

  absl::StatusOr<Range> WithStep(Range range, size_t bracket) {
    if (Next() != '/') return range;
    const size_t begin = ++position_;
    absl::StatusOr<std::string> step = ParseDigits(bracket);
    if (!step.ok()) return step.status();
    range.step = ValueOf(*step);
    if (range.step == 0) return Wrong(begin, "a step is at least 1");
    return range;
  }

  absl::StatusOr<std::string> ParseDigits(size_t bracket) {
    const size_t begin = position_;
    while (IsDigit(Next())) ++position_;
    const size_t size = position_ - begin;
    if (size == 0)
      return AtEnd() ? Wrong(bracket, "'[' has no ']'") : Wrong(begin, "expected a number");
    if (size > kMaxNodeSetDigits)
      return Wrong(begin, fmt::format("a number has at most {} digits", kMaxNodeSetDigits));
    return text_.substr(begin, size);
  }

  static uint64_t ValueOf(const std::string& digits) {
    uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }

  absl::Status Wrong(size_t position, const std::string& what) const {
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "node set '{}': {}, at character {} ('{}')", Shown(position), what,
                      position + 1, Printable(text_.substr(position, 1)));
  }

  // The text around `position`; all of it if it is short.
  std::string Shown(size_t position) const {
    const size_t begin = position > kShownBytes ? position - kShownBytes : 0;
    const size_t end = std::min(text_.size(), position + kShownBytes);
    return fmt::format("{}{}{}", begin > 0 ? "…" : "", Printable(text_.substr(begin, end - begin)),
                       end < text_.size() ? "…" : "");
  }

  const std::string& text_;
  const size_t max_names_;
  size_t position_ = 0;
};

// Adds every name of `pattern` from part `next` on, after `prefix`.
void AddNames(const Pattern& pattern, size_t next, const std::string& prefix,
              std::vector<std::string>& names) {
  if (next == pattern.size()) {
    names.push_back(prefix);
    return;
  }
  const Part& part = pattern[next];
  if (part.ranges.empty()) return AddNames(pattern, next + 1, prefix + part.text, names);
  for (const Range& range : part.ranges) {
    for (uint64_t i = 0, number = range.first; i < range.Count(); ++i, number += range.step)
      AddNames(pattern, next + 1, prefix + WithZeros(number, range.width), names);
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandNodeSet(const std::string& text, size_t max_names) {
  absl::StatusOr<std::vector<Pattern>> patterns = Parser(text, max_names).Parse();
  if (!patterns.ok()) return patterns.status();
  std::vector<std::string> names;
  for (const Pattern& pattern : *patterns) AddNames(pattern, 0, "", names);
  if (!std::is_sorted(names.begin(), names.end(), NaturalLess))
    std::sort(names.begin(), names.end(), NaturalLess);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace muster
