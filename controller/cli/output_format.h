// What -o and `output` of muster.toml take. Plain data.
#pragma once

#include <string>
#include <vector>

namespace muster::cli {

// All but the first are documents: everything that is known, for programs.
enum class OutputFormat { kTable, kJson, kJsonl, kYaml, kToml };

struct NamedFormat {
  const char* name;
  OutputFormat format;
};
inline constexpr NamedFormat kOutputFormats[] = {{"table", OutputFormat::kTable},
                                                 {"json", OutputFormat::kJson},
                                                 {"jsonl", OutputFormat::kJsonl},
                                                 {"yaml", OutputFormat::kYaml},
                                                 {"toml", OutputFormat::kToml}};

inline std::vector<std::string> OutputFormatNames() {
  std::vector<std::string> names;
  for (const NamedFormat& each : kOutputFormats) names.emplace_back(each.name);
  return names;
}

// False, and nothing is taken, for what is no format's name.
inline bool TakeOutputFormat(const std::string& name, OutputFormat* format) {
  for (const NamedFormat& each : kOutputFormats) {
    if (name != each.name) continue;
    *format = each.format;
    return true;
  }
  return false;
}

}  // namespace muster::cli
