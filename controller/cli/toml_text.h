// A document as TOML 1.0. Its keys keep their order, but for values before tables. toml++'s formatter sorts them, and writes a key such as
// "'" without quotation marks. Pure; any thread.
#pragma once

#include <string>

#include "controller/cli/json.h"

namespace muster::cli {

// ASCII: what is beyond it is escaped, since not every reader takes it well (common/toml_file.h). TOML has no null, so that it is left
// out; an integer that it cannot hold is a text. A document that is no object is the only entry of one, "items".
std::string TomlText(const Json& document);

}  // namespace muster::cli
