#include "controller/cli/text_table.h"

#include <algorithm>

namespace muster::cli {
namespace {

constexpr size_t kGap = 2;
// What a last column must have to be read; one that needs less is whole.
constexpr size_t kLeastWidth = 16;
constexpr size_t kLeastColumns = 2;
constexpr char kMore[] = " …";
constexpr size_t kMoreWidth = 2;

// Where `text` is broken so that its first line is no longer than `width`: after a blank or a comma, or nowhere.
size_t EndOfLine(const std::string& text, size_t width) {
  if (text.size() <= width) return text.size();
  size_t at = text.find_last_of(" ,", width - 1);
  if (at == std::string::npos) at = text.find_first_of(" ,", width);
  return at == std::string::npos ? text.size() : at + 1;
}

// `line`, whose part from `indent` on goes on below itself.
std::string Wrapped(const std::string& line, size_t indent, size_t width) {
  if (line.size() <= width || indent >= width) return line + "\n";
  std::string text;
  std::string rest = line.substr(indent);
  std::string before = line.substr(0, indent);
  while (!rest.empty()) {
    const size_t end = EndOfLine(rest, width - indent);
    std::string part = before + rest.substr(0, end);
    part.erase(part.find_last_not_of(' ') + 1);
    text += part + "\n";
    rest.erase(0, end);
    before.assign(indent, ' ');
  }
  return text;
}

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

std::string TextTable::Text(size_t width) const {
  std::string text;
  if (width == 0) {
    for (const std::string& line : Lines()) text += line + "\n";
    return text;
  }
  TextTable narrow(right_);
  const size_t columns = ColumnsWithin(width);
  const bool is_whole = rows_.empty() || columns == rows_.front().size();
  for (const std::vector<std::string>& row : rows_) {
    narrow.AddRow({row.begin(), row.begin() + static_cast<std::ptrdiff_t>(columns)});
    // The header tells that something is missing.
    if (!is_whole && narrow.rows_.size() == 1) narrow.rows_.front().back() += kMore;
  }
  const size_t indent = columns == 0 ? 0 : narrow.Indent(columns - 1);
  for (const std::string& line : narrow.Lines()) text += Wrapped(line, indent, width);
  return text;
}

size_t TextTable::ColumnsWithin(size_t width) const {
  size_t columns = rows_.empty() ? 0 : rows_.front().size();
  while (columns > kLeastColumns) {
    const bool is_whole = columns == rows_.front().size();
    const size_t last = Width(columns - 1) + (is_whole ? 0 : kMoreWidth);
    if (Indent(columns - 1) + std::min(last, kLeastWidth) <= width) break;
    --columns;
  }
  return columns;
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
