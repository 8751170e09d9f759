#include "controller/cli/sat_status.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "common/ascii.h"
#include "controller/cli/sat_table.h"
#include "controller/inventory/xname.h"
#include "controller/nodeset/node_name.h"

namespace muster::cli {
namespace {

// HSM has eight states and six roles.
constexpr size_t kShownWords = 8;

// Of any component: x1000, x1000c0, x1000c0s0b0, x3000c0w14 …
bool IsXname(std::string_view text) {
  return text.size() > 1 && text[0] == 'x' && text[1] >= '0' && text[1] <= '9' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string_view::npos;
}

// SAT's words for nothing.
bool IsNothing(const std::string& cell) {
  return cell.empty() || cell == "MISSING" || cell == "EMPTY" || cell == "None";
}

std::vector<size_t> ColumnsCalled(const SatTable& table, const char* name) {
  std::vector<size_t> columns;
  for (size_t i = 0; i < table.heading.size(); ++i) {
    if (IsSameInAnyCase(table.heading[i], name)) columns.push_back(i);
  }
  return columns;
}

std::optional<size_t> ColumnCalled(const SatTable& table, const char* name) {
  const std::vector<size_t> columns = ColumnsCalled(table, name);
  if (columns.size() != 1) return std::nullopt;
  return columns[0];
}

absl::Status Wrong(const std::string& where, const std::string& reason) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, "{}: {}", where, reason);
}

// `kind` is what its Type says, if that was printed.
absl::Status NoNode(const SatRow& row, const std::string& xname, const std::string& kind) {
  return Wrong(row.where,
               fmt::format("\"{}\" is {}; sat status --types Node prints nodes alone", Shown(xname),
                           kind.empty() ? "no xname of a node"
                                        : fmt::format("of type {}, not Node", Shown(kind))));
}

// The first row that is not a node, of those whose columns hold xnames at all.
absl::Status NoColumn(const SatTable& table) {
  for (const SatRow& row : table.rows) {
    for (const std::string& cell : row.cells) {
      if (IsXname(cell) && !IsNodeXname(cell)) return NoNode(row, cell, "");
    }
  }
  return Wrong(table.rows.front().where,
               "no column holds the xnames of nodes, such as x1000c0s0b0n0; sat status prints "
               "them with --fields xname");
}

absl::StatusOr<size_t> ColumnByContent(const SatTable& table) {
  std::vector<size_t> columns;
  for (size_t i = 0; i < table.rows.front().cells.size(); ++i) {
    if (std::all_of(table.rows.begin(), table.rows.end(),
                    [&](const SatRow& row) { return IsNodeXname(row.cells[i]); }))
      columns.push_back(i);
  }
  if (columns.size() == 1) return columns[0];
  if (columns.empty()) return NoColumn(table);
  return Wrong(table.rows.front().where,
               fmt::format("columns {} and {} both hold xnames of nodes; which is meant?",
                           columns[0] + 1, columns[1] + 1));
}

absl::StatusOr<size_t> XnameColumn(const SatTable& table) {
  const std::vector<size_t> called = ColumnsCalled(table, "xname");
  if (called.size() == 1) return called[0];
  if (called.empty()) return ColumnByContent(table);
  return Wrong(table.rows.front().where, "two columns are headed xname; which is meant?");
}

class StatusReader {
 public:
  absl::Status Add(const SatTable& table) {
    const std::optional<size_t> type = ColumnCalled(table, "Type");
    const std::optional<size_t> state = ColumnCalled(table, "State");
    const std::optional<size_t> role = ColumnCalled(table, "Role");
    const absl::StatusOr<size_t> column = XnameColumn(table);
    for (const SatRow& row : table.rows) {
      if (type && !IsSameInAnyCase(row.cells[*type], "Node"))
        return NoNode(row, row.cells[column.ok() ? *column : 0], row.cells[*type]);
      MUSTER_RETURN_IF_ERROR(column.status());
      const std::string& xname = row.cells[*column];
      if (!IsNodeXname(xname)) return NoNode(row, xname, "");
      if (!known_.insert(xname).second) continue;
      if (state && !IsNothing(row.cells[*state])) ++status_.states[row.cells[*state]];
      if (role && !IsNothing(row.cells[*role])) ++status_.roles[row.cells[*role]];
    }
    return absl::OkStatus();
  }

  absl::StatusOr<SatStatus> Status() && {
    if (known_.empty()) {
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "no node is in it; what does sat status print on a terminal?");
    }
    status_.xnames.assign(known_.begin(), known_.end());
    std::sort(status_.xnames.begin(), status_.xnames.end(), NaturalLess);
    return std::move(status_);
  }

 private:
  std::unordered_set<std::string> known_;
  SatStatus status_;
};

// The first line that is not blank, and what it begins with.
bool LooksLikeJson(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string::npos && (text[begin] == '{' || text[begin] == '[');
}

bool LooksLikeYaml(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return false;
  std::string line = text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin);
  line.erase(line.find_last_not_of(" \t\r") + 1);
  return line.starts_with("- ") || line == "-" || line.starts_with("---") || line.ends_with(":") ||
         line.ends_with(": []");
}

absl::StatusOr<std::vector<SatTable>> ReadTables(const std::string& text) {
  if (LooksLikeJson(text)) return ReadSatJson(text);
  return LooksLikeYaml(text) ? ReadSatYaml(text) : ReadSatText(text);
}

// "9990 Ready, 8 Standby": the most first.
std::string CountsInWords(const std::map<std::string, size_t>& counts) {
  std::vector<std::pair<std::string, size_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string words;
  for (size_t i = 0; i < std::min(sorted.size(), kShownWords); ++i)
    words += fmt::format("{}{} {}", i == 0 ? "" : ", ", sorted[i].second, Shown(sorted[i].first));
  return words + (sorted.size() > kShownWords ? ", …" : "");
}

}  // namespace

absl::StatusOr<SatStatus> ReadSatStatus(const std::string& text) {
  const absl::StatusOr<std::vector<SatTable>> tables = ReadTables(text);
  MUSTER_RETURN_IF_ERROR(tables.status());
  StatusReader reader;
  for (const SatTable& table : *tables) {
    if (!table.rows.empty()) MUSTER_RETURN_IF_ERROR(reader.Add(table));
  }
  return std::move(reader).Status();
}

std::string SatInWords(const SatStatus& status) {
  std::string details = CountsInWords(status.states);
  const std::string roles = CountsInWords(status.roles);
  if (!details.empty() && !roles.empty()) details += "; ";
  details += roles;
  return fmt::format("{} node{}{}", status.xnames.size(), status.xnames.size() == 1 ? "" : "s",
                     details.empty() ? "" : " (" + details + ")");
}

}  // namespace muster::cli
