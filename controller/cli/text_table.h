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
  // The same as one text, each line ended.
  std::string Text() const;
  // Where column `index` begins.
  size_t Indent(size_t index) const;

 private:
  size_t Width(size_t column) const;

  std::vector<size_t> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace muster::cli
