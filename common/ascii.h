// Characters and names in ASCII alone, whatever the locale: what host names, xnames and HSM have. Pure; any thread.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace muster {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr bool IsHexDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr char LowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string LowerCase(std::string name) {
  for (char& c : name) c = LowerCase(c);
  return name;
}

inline bool IsSameInAnyCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char left, char right) { return LowerCase(left) == LowerCase(right); });
}

}  // namespace muster
