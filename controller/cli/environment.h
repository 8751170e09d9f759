// A variable of the environment. Main thread.
#pragma once

#include <cstdlib>
#include <string>

namespace muster::cli {

// `otherwise` for one that is not set; one that is empty is set.
inline std::string Environment(const char* name, const std::string& otherwise = "") {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

}  // namespace muster::cli
