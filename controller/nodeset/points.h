// Names as integers. Names with the same text around their numbers have one shape; within it a name is the row of its numbers, a
// point. All of a shape's points are one array of rows. Pure; of this room alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "controller/nodeset/digits.h"

namespace muster {

// In a shape, stands where a number is. It is in no name.
inline constexpr char kNumber = '\0';

// The numbers of a shape's names: `width` for each, one row after the other. A shape without a number has the width 0, and no row: it is
// one name.
struct Points {
  explicit Points(size_t row_width) : width(row_width) {}

  size_t count() const { return width == 0 ? 1 : numbers.size() / width; }
  const Digits* Row(size_t i) const { return numbers.data() + i * width; }
  bool operator==(const Points&) const = default;

  size_t width;
  std::vector<Digits> numbers;
};

// The width of a shape's points.
size_t WidthOf(std::string_view shape);

// Gives `name` its shape, and adds its numbers to `numbers`.
void SplitName(std::string_view name, std::string& shape, std::vector<Digits>& numbers);

// The names of a shape are `shape` with the numbers of a row in it.
void AppendName(std::string_view shape, const Digits* row, std::string& name);

// Sorts the rows, which is the natural order of their names, and removes repeated ones.
void SortOnce(Points& points);

}  // namespace muster
