// Reads the table [csm]; see csm_config.h for its keys. Apart from it, so that what is configured need not know TOML. Any thread.
#pragma once

#include <string>

#include "common/toml_file.h"
#include "controller/csm/csm_config.h"

namespace muster {

// `node` is the value of the key csm. INVALID_ARGUMENT with `path`, line and what is wrong: a key that is unknown, of another type, no URL, or
// that needs another one.
absl::StatusOr<CsmConfig> ReadCsmConfig(const std::string& path, const toml::node& node);

}  // namespace muster
