#include "controller/nodeset/points.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "common/ascii.h"

namespace muster {
namespace {

bool RowLess(const Digits* a, const Digits* b, size_t width) {
  return std::lexicographical_compare(a, a + width, b, b + width);
}

bool IsSortedOnce(const Points& points) {
  for (size_t i = 1; i < points.count(); ++i) {
    if (!RowLess(points.Row(i - 1), points.Row(i), points.width)) return false;
  }
  return true;
}

void SortNumbers(std::vector<Digits>& numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

}  // namespace

size_t WidthOf(std::string_view shape) {
  return static_cast<size_t>(std::count(shape.begin(), shape.end(), kNumber));
}

void SplitName(std::string_view name, std::string& shape, std::vector<Digits>& numbers) {
  shape.clear();
  for (size_t i = 0; i < name.size();) {
    size_t end = i;
    while (end < name.size() && IsDigit(name[end])) ++end;
    const size_t size = end - i;
    if (size > 0 && size <= kMaxNodeSetDigits) {
      numbers.push_back(Digits::Read(name.substr(i, size)));
      shape.push_back(kNumber);
    } else {
      end = std::max(end, i + 1);
      shape.append(name.substr(i, end - i));
    }
    i = end;
  }
}

void AppendName(std::string_view shape, const Digits* row, std::string& name) {
  for (const char c : shape) {
    if (c == kNumber) {
      (row++)->AppendTo(name);
    } else {
      name.push_back(c);
    }
  }
}

void SortOnce(Points& points) {
  if (points.width == 0 || IsSortedOnce(points)) return;
  if (points.width == 1) return SortNumbers(points.numbers);
  const size_t width = points.width;
  std::vector<uint32_t> order(points.count());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return RowLess(points.Row(a), points.Row(b), width); });
  std::vector<Digits> sorted;
  sorted.reserve(points.numbers.size());
  for (const uint32_t i : order) {
    const Digits* row = points.Row(i);
    const bool is_repeated =
        !sorted.empty() && std::equal(row, row + width, sorted.data() + sorted.size() - width);
    if (!is_repeated) sorted.insert(sorted.end(), row, row + width);
  }
  points.numbers = std::move(sorted);
}

}  // namespace muster
