// What is true of every program's settings.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <sstream>
#include <string>

#include "common/settings.h"

namespace muster {

// A default file with all of its keys.
inline std::string Uncommented(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    const bool is_key = line.size() > 1 && line[0] == '#' && std::isalpha(line[1]) != 0;
    result += (is_key ? line.substr(1) : line) + "\n";
  }
  return result;
}

// Sentences, of each key and each table; and no key is there twice.
inline void ExpectDocumented(const Settings& settings) {
  std::set<std::string> names;
  for (const Setting& setting : settings.list()) {
    EXPECT_TRUE(names.insert(setting.name()).second) << setting.name();
    EXPECT_TRUE(setting.about.size() > 5 && setting.about.ends_with('.')) << setting.name();
    EXPECT_NE(ToToml(setting.value), "\"\"") << setting.name() << " has no example";
  }
  for (const SettingTable& table : settings.tables())
    EXPECT_TRUE(table.name.empty() || table.about.ends_with('.')) << table.name;
}

}  // namespace muster
