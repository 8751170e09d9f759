// Names of nodes. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace muster {

// True for 1 to limits::kMaxNameBytes letters, digits, '.', '_' and '-' that begin with a letter or digit.
bool IsNodeName(std::string_view name);

// Orders names as people do: runs of digits by value, then by length, the rest by character.
bool NaturalLess(std::string_view a, std::string_view b);

// NaturalLess for ordered containers.
struct NaturalOrder {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return NaturalLess(a, b); }
};

}  // namespace muster
