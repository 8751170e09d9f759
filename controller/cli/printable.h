// Text that came over the network, made safe for a terminal: a node's agent must not be able to move an operator's cursor,
// change colours or hide a line. Pure; any thread.
#pragma once

#include <string>

namespace muster::cli {

// White space of any kind becomes one blank each; other control characters and bytes that are not UTF-8 become '?'.
std::string Printable(const std::string& text);

}  // namespace muster::cli
