// Prints rows as SAT does, in each of its formats.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace muster::cli {

using SatCells = std::vector<std::string>;

struct SatReport {
  std::string title;  // none before 3.15
  SatCells heading;
  std::vector<SatCells> rows;
};

// A table as prettytable makes it.
inline std::string Pretty(const SatReport& report, bool has_borders, bool has_headings) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < report.heading.size(); ++i) {
    widths.push_back(has_headings ? report.heading[i].size() : 0);
    for (const SatCells& row : report.rows) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string border;
  if (has_borders) {
    for (const size_t width : widths) border += "+" + std::string(width + 2, '-');
    border += "+\n";
  }
  const auto line = [&](const SatCells& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i)
      text += fmt::format("{} {:<{}} ", has_borders ? "|" : "", cells[i], widths[i]);
    return text + (has_borders ? "|\n" : "\n");
  };
  std::string text;
  if (has_headings && !report.title.empty())
    text += std::string(80, '#') + "\n" + report.title + "\n" + std::string(80, '#') + "\n";
  text += border;
  if (has_headings) text += line(report.heading) + border;
  for (const SatCells& row : report.rows) text += line(row);
  return text + border;
}

inline std::string AsJson(const SatReport& report, bool has_headings) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const SatCells& cells : report.rows) {
    nlohmann::ordered_json row;
    for (size_t i = 0; i < cells.size(); ++i) {
      row[report.heading[i]] = cells[i];
      if (report.heading[i] == "NID") row[report.heading[i]] = std::stoul(cells[i]);
      if (report.heading[i] == "Enabled") row[report.heading[i]] = cells[i] == "True";
    }
    rows.push_back(row);
  }
  if (has_headings && !report.title.empty()) rows = {{report.title, rows}};
  return rows.dump(4) + "\n";
}

inline std::string AsYaml(const SatReport& report, bool has_headings) {
  std::string text = has_headings && !report.title.empty() ? report.title + ":\n" : "";
  for (const SatCells& cells : report.rows) {
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string value =
          report.heading[i] == "Enabled" ? (cells[i] == "True" ? "true" : "false") : cells[i];
      text += fmt::format("{}{}: {}\n", i == 0 ? "- " : "  ", report.heading[i], value);
    }
  }
  return text + "\n";
}

// All that may be printed of one report.
inline std::vector<std::string> AllFormats(const SatReport& report) {
  std::vector<std::string> texts;
  for (const bool has_headings : {true, false}) {
    for (const bool has_borders : {true, false})
      texts.push_back(Pretty(report, has_borders, has_headings));
    texts.push_back(AsJson(report, has_headings));
    texts.push_back(AsYaml(report, has_headings));
  }
  return texts;
}

// The lines with `word` in them, as grep leaves them.
inline std::string Grep(const std::string& text, const std::string& word, bool is_kept = true) {
  std::string kept;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin) + 1;
    const std::string line = text.substr(begin, end - begin);
    if ((line.find(word) != std::string::npos) == is_kept) kept += line;
    begin = end;
  }
  return kept;
}

}  // namespace muster::cli
