// TOML files that people write: settings and inventories. Any thread.
//
// Between the parser and us is a check that the parser needs: characters beyond ASCII may stand in comments only, for elsewhere toml++ 3.3
// has undefined behaviour with them (found by tests/fuzz/config.cc). In a string there is \uXXXX for them.
#pragma once

#include <toml++/toml.h>

#include <string>

#include "common/status.h"

namespace muster {

// A larger file is none of ours: 100,000 nodes with their names are 15 MB.
inline constexpr size_t kMaxTomlBytes = 64 << 20;

// INVALID_ARGUMENT with file, line and what is wrong for what is no TOML; NOT_FOUND and its like, with the path, if the file cannot be read.
absl::StatusOr<toml::table> ReadTomlFile(const std::string& path);

// INVALID_ARGUMENT: what is wrong with `node`, with its file and line.
absl::Status WrongSetting(const std::string& path, const toml::node& node, const std::string& what);

}  // namespace muster
