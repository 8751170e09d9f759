#include "controller/engine/conflict.h"

#include <string>

namespace muster {
namespace {

bool IsOrca(const std::string& unit) {
  return unit.empty() || unit == "cray-orca.service" || unit == "cray-dvs-orca.service";
}

}  // namespace

bool TouchSameUnit(const Work& a, const Work& b) {
  if (ChangesContent(a) && ChangesContent(b)) return true;
  const auto* first = std::get_if<RestartUnit>(&a);
  const auto* second = std::get_if<RestartUnit>(&b);
  if (first == nullptr || second == nullptr) return false;
  if (first->unit.empty() || second->unit.empty())
    return IsOrca(first->unit) && IsOrca(second->unit);
  return first->unit == second->unit;
}

}  // namespace muster
