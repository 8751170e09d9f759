// A table of text for terminals: columns as wide as their widest cell, the last one ragged. Plain data, one thread at a time.
#pragma once

#include <string>
#include <vector>

namespace muster::cli {

class TextTable {
 public:
  // Columns whose index is in `right` are flush right.
  explicit TextTable(std::vector<size_t> right = {}) : right_(std::move(right)) {}

  // All rows have the same number of cells.
  void AddRow(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // The lines, without blanks at their ends, one for each row. A column that is empty everywhere is left out.
  std::vector<std::string> Lines() const;
  // The same as one text, each line ended. With a width that is not 0 no line is longer, as far as that can be: columns after the second that
  // do not fit are left out, which a … at the end of the first line says, and the last one goes on below itself.
  std::string Text(size_t width = 0) const;
  // Where column `index` begins.
  size_t Indent(size_t index) const;

 private:
  size_t Width(size_t column) const;
  // How many columns, from the first, have room in `width`.
  size_t ColumnsWithin(size_t width) const;

  std::vector<size_t> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace muster::cli
