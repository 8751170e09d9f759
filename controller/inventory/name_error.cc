#include "controller/inventory/name_error.h"

#include <algorithm>

#include "controller/nodeset/node_set.h"

namespace muster {
namespace {

constexpr size_t kMaxShownBytes = 1000;
constexpr size_t kShownNames = 10;

}  // namespace

std::string ShownNames(const std::vector<std::string>& names) {
  std::string shown = FoldNodeSet(names);
  if (shown.size() <= kMaxShownBytes) return shown;
  shown.clear();
  for (size_t i = 0; i < std::min(names.size(), kShownNames); ++i) shown += names[i] + ",";
  return shown + "…";
}

absl::Status UnknownNames(const std::vector<std::string>& names) {
  return MakeStatus(absl::StatusCode::kNotFound,
                    "not known: {} ({} {}): list the nodes there are with 'muster node list'",
                    ShownNames(names), names.size(), names.size() == 1 ? "name" : "names");
}

}  // namespace muster
