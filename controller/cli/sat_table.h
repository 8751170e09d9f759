// The rows of what `sat status` printed, whichever way it printed them: tables with and without borders, JSON, YAML. Nothing is
// understood yet; see sat_status.h. Pure; any thread.
//
// Where rows are not all of one shape, something was cut off, wrapped or mixed in, and which nodes are meant is a guess. Nobody
// guesses: each reader answers INVALID_ARGUMENT with the line and the reason.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"

namespace muster::cli {

struct SatRow {
  std::string where;  // "line 7" of a text, "entry 7" of a JSON document
  std::vector<std::string> cells;
};

// Each row has as many cells as the heading, if there is one, and as each other.
struct SatTable {
  std::vector<std::string> heading;  // empty: it was not printed, or grep took it away
  std::vector<SatRow> rows;
};

// A table as people read it, with its title, heading and borders or without.
absl::StatusOr<std::vector<SatTable>> ReadSatText(const std::string& text);
// A list of maps, or maps of such lists by the titles of the reports. In sat_document.cc.
absl::StatusOr<std::vector<SatTable>> ReadSatJson(const std::string& text);
absl::StatusOr<std::vector<SatTable>> ReadSatYaml(const std::string& text);

// The beginning of what was read, for a sentence: 60 bytes. fmt's precision counts columns of a terminal, and there are letters without any.
std::string Shown(const std::string& text);

}  // namespace muster::cli
