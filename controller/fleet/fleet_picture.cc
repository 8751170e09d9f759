#include "controller/fleet/fleet_picture.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "controller/nodeset/node_name.h"

namespace muster {
namespace {

bool IsSame(const PictureRow& a, const PictureRow& b) {
  return a.letters == b.letters && a.alias == b.alias && a.role == b.role;
}

bool HasSameNodes(const std::vector<PictureRow>& a, const std::vector<PictureRow>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PictureRow& x, const PictureRow& y) { return x.xname == y.xname; });
}

}  // namespace

void FleetPicture::SetAll(std::vector<PictureRow> rows) {
  if (layout_ > 0 && HasSameNodes(rows, rows_)) {
    for (PictureRow& row : rows) TrySet(row);
    return;
  }
  rows_ = std::move(rows);
  Number();
}

void FleetPicture::Set(std::vector<PictureRow> rows) {
  std::erase_if(rows, [this](PictureRow& row) { return TrySet(row); });
  if (rows.empty()) return;
  const auto is_before = [](const PictureRow& a, const PictureRow& b) {
    return NaturalLess(a.xname, b.xname);
  };
  std::sort(rows.begin(), rows.end(), is_before);
  const auto middle = static_cast<std::ptrdiff_t>(rows_.size());
  rows_.insert(rows_.end(), std::move_iterator(rows.begin()), std::move_iterator(rows.end()));
  std::inplace_merge(rows_.begin(), rows_.begin() + middle, rows_.end(), is_before);
  Number();
}

// Other nodes than before: all numbers are new.
void FleetPicture::Number() {
  ++revision_;
  ++layout_;
  numbers_.clear();
  numbers_.reserve(rows_.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    rows_[i].revision = revision_;
    numbers_.emplace(rows_[i].xname, i);
  }
}

bool FleetPicture::TrySet(PictureRow& row) {
  const auto found = numbers_.find(row.xname);
  if (found == numbers_.end()) return false;
  PictureRow& old = rows_[found->second];
  if (IsSame(row, old)) return true;
  row.revision = ++revision_;
  old = std::move(row);
  return true;
}

std::optional<size_t> FleetPicture::NumberOf(const std::string& xname) const {
  const auto found = numbers_.find(xname);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

PictureRow RowOf(const NodeInfo& node, const std::vector<Condition>& conditions) {
  PictureRow row{.xname = node.xname,
                 .alias = node.aliases.empty() ? "" : node.aliases.front(),
                 .role = node.role,
                 .letters = std::string(kConditionKinds - 1, '-'),
                 .verdict = VerdictOn(conditions)};
  for (const Condition& condition : conditions)
    row.letters[static_cast<size_t>(condition.kind) - 1] = condition.truth == Truth::kTrue    ? 'T'
                                                           : condition.truth == Truth::kFalse ? 'F'
                                                                                              : 'U';
  return row;
}

Truth TruthOf(char letter) {
  switch (letter) {
    case 'T':
      return Truth::kTrue;
    case 'F':
      return Truth::kFalse;
    case 'U':
      return Truth::kUnknown;
    default:
      return Truth::kUnspecified;
  }
}

}  // namespace muster
