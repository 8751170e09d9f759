#include "controller/cli/text_table.h"

#include <algorithm>

namespace muster::cli {
namespace {

constexpr size_t kGap = 2;

}  // namespace

std::vector<std::string> TextTable::Lines() const {
  std::vector<std::string> lines;
  const size_t columns = rows_.empty() ? 0 : rows_.front().size();
  std::vector<size_t> widths;
  for (size_t column = 0; column < columns; ++column) widths.push_back(Width(column));
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    for (size_t column = 0; column < columns; ++column) {
      if (widths[column] == 0) continue;
      const std::string padding(widths[column] - row[column].size(), ' ');
      const bool is_right = std::count(right_.begin(), right_.end(), column) > 0;
      line += is_right ? padding + row[column] : row[column] + padding;
      line += std::string(kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string TextTable::Text() const {
  std::string text;
  for (const std::string& line : Lines()) text += line + "\n";
  return text;
}

size_t TextTable::Indent(size_t index) const {
  size_t indent = 0;
  for (size_t column = 0; column < index; ++column) {
    if (const size_t width = Width(column); width > 0) indent += width + kGap;
  }
  return indent;
}

size_t TextTable::Width(size_t column) const {
  size_t width = 0;
  for (const std::vector<std::string>& row : rows_) width = std::max(width, row[column].size());
  return width;
}

}  // namespace muster::cli
