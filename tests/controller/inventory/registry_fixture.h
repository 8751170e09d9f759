// What the registry is told in its tests, and when.
#pragma once

#include <string>
#include <vector>

#include "controller/inventory/node_registry.h"

namespace muster {

inline constexpr Time kNoon{12 * 3600s};

inline Hello HelloOf(const std::string& node, const std::vector<std::string>& aliases = {}) {
  Hello hello;
  hello.node = node;
  hello.aliases = aliases;
  return hello;
}

}  // namespace muster
