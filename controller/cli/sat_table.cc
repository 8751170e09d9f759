// A table is made of lines of these kinds:
//
//   ####…, a title, ####…     three lines together; SAT's title of a report
//   +------+------+           a border
//   | x1…  | a, b |           a row with borders: cells between the bars
//    x1…     a, b             a row without: two blanks or more between cells, for a cell may have one
//
// A row that holds the word "xname" is a heading, and begins a table. A table with a border above or below its heading has one below its
// last row, too, or it was cut off; after grep it has none at all.
#include "controller/cli/sat_table.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/ascii.h"
#include "controller/inventory/xname.h"

namespace muster::cli {
namespace {

// SAT's are 80 or more; a node's name is never this long of one letter.
constexpr size_t kMinTitleRule = 20;

struct Line {
  size_t number;  // from 1
  std::string text;
  bool is_ended;  // by a line end
};

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Those that are not blank.
std::vector<Line> LinesOf(const std::string& text) {
  std::vector<Line> lines;
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = Trimmed(text.substr(begin, end - begin));
    ++number;
    if (!line.empty()) lines.push_back({number, std::move(line), end < text.size()});
    begin = end + 1;
  }
  return lines;
}

bool IsTitleRule(const Line& line) {
  return line.text.size() >= kMinTitleRule && line.text.find_first_not_of('#') == std::string::npos;
}

bool IsBorder(const Line& line) {
  return line.text.size() >= 2 && line.text.front() == '+' && line.text.back() == '+' &&
         line.text.find_first_not_of("+-") == std::string::npos;
}

template <typename... Args>
absl::Status Wrong(const Line& line, fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, "line {}: {}", line.number,
                    fmt::format(format, std::forward<Args>(args)...));
}

std::vector<std::string> BorderedCells(const std::string& text) {
  std::vector<std::string> cells;
  for (size_t begin = 1; begin < text.size();) {
    const size_t end = text.find('|', begin);
    cells.push_back(Trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return cells;
}

std::vector<std::string> AlignedCells(const std::string& text) {
  std::vector<std::string> cells;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find("  ", begin), text.size());
    cells.push_back(text.substr(begin, end - begin));
    begin = std::min(text.find_first_not_of(' ', end), text.size());
  }
  return cells;
}

bool IsControlByte(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

bool IsHeading(const std::vector<std::string>& cells) {
  return std::any_of(cells.begin(), cells.end(),
                     [](const std::string& cell) { return IsSameInAnyCase(cell, "xname"); });
}

class TextReader {
 public:
  absl::StatusOr<std::vector<SatTable>> Read(const std::vector<Line>& lines) {
    for (size_t at = 0; at < lines.size(); ++at) {
      const Line& line = lines[at];
      if (IsTitleRule(line)) {
        if (at + 2 >= lines.size() || !IsTitleRule(lines[at + 2]))
          return Wrong(line, "a title begins here and does not end; was the text cut off?");
        MUSTER_RETURN_IF_ERROR(EndTable(1));
        at += 2;
      } else if (IsBorder(line)) {
        ++borders_;
        ++borders_since_row_;
      } else if (line.text.front() == '+') {
        return Wrong(line, "the border has no end; was it cut off?");
      } else {
        MUSTER_RETURN_IF_ERROR(ReadRow(line));
      }
    }
    MUSTER_RETURN_IF_ERROR(EndTable(1));
    return std::move(tables_);
  }

 private:
  absl::Status ReadRow(const Line& line) {
    const bool is_bordered = line.text.front() == '|';
    if (is_bordered && (line.text.size() < 2 || line.text.back() != '|'))
      return Wrong(line, "the row has no bar at its end; was it cut off?");
    if ((!is_bordered && line.text.find('|') != std::string::npos) ||
        std::any_of(line.text.begin(), line.text.end(), IsControlByte))
      return Wrong(line, "\"{}\" is no row as sat status prints it", Shown(line.text));
    if (!is_bordered && !line.is_ended)
      return Wrong(line, "the last line has no line end; was it cut off?");
    if (is_bordered_.value_or(is_bordered) != is_bordered)
      return Wrong(line, "rows with borders and rows without are mixed");
    is_bordered_ = is_bordered;

    std::vector<std::string> cells =
        is_bordered ? BorderedCells(line.text) : AlignedCells(line.text);
    if (IsHeading(cells)) {
      if (std::any_of(cells.begin(), cells.end(), IsNodeXname))
        return Wrong(line, "it is a heading and a row at once");
      return BeginTable(std::move(cells));
    }
    if (!columns_) columns_ = cells.size();
    if (cells.size() != *columns_) {
      return Wrong(line,
                   "it has {} cells where {} have {}; was it cut off, or is a cell empty? "
                   "sat status --format json has neither",
                   cells.size(), table_.heading.empty() ? "the rows before it" : "the headings",
                   *columns_);
    }
    if (table_.rows.empty()) first_row_ = line.number;
    table_.rows.push_back({fmt::format("line {}", line.number), std::move(cells)});
    borders_since_row_ = 0;
    return absl::OkStatus();
  }

  absl::Status BeginTable(std::vector<std::string> heading) {
    // The border of the table before, and the one above this heading; but borders of no rows are the heading's.
    MUSTER_RETURN_IF_ERROR(EndTable(2));
    columns_ = heading.size();
    table_.heading = std::move(heading);
    return absl::OkStatus();
  }

  // `borders` are there after the last row of a table that has borders.
  absl::Status EndTable(size_t borders) {
    if (!table_.rows.empty() && borders_ > 0 && borders_since_row_ < borders) {
      return MakeStatus(
          absl::StatusCode::kInvalidArgument,
          "line {}: the table with this row has no border at its end; was it cut off?", first_row_);
    }
    if (!table_.rows.empty()) tables_.push_back(std::move(table_));
    table_ = {};
    columns_.reset();
    borders_ = 0;
    borders_since_row_ = 0;
    return absl::OkStatus();
  }

  std::vector<SatTable> tables_;
  SatTable table_;
  std::optional<bool> is_bordered_;
  std::optional<size_t> columns_;
  size_t first_row_ = 0;
  size_t borders_ = 0;
  size_t borders_since_row_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<SatTable>> ReadSatText(const std::string& text) {
  return TextReader().Read(LinesOf(text));
}

std::string Shown(const std::string& text) { return text.substr(0, 60); }

}  // namespace muster::cli
