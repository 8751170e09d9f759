#include "controller/fleet/summary.h"

#include <algorithm>
#include <utility>

#include "controller/inventory/xname.h"

namespace muster {
namespace {

void Count(Verdict verdict, HealthCounts* counts) {
  ++(verdict == Verdict::kWell       ? counts->well
     : verdict == Verdict::kDegraded ? counts->degraded
                                     : counts->unknown);
}

}  // namespace

std::string PartOf(const NodeInfo& node, HealthBy by) {
  if (by == HealthBy::kRole) return node.role.empty() ? "other" : node.role;
  if (!IsNodeXname(node.xname)) return "other";
  const size_t chassis = node.xname.find('c');
  return node.xname.substr(0, by == HealthBy::kCabinet ? chassis : node.xname.find('s', chassis));
}

void HealthSummary::Add(const NodeInfo& node, const std::vector<Condition>& conditions) {
  const Verdict verdict = VerdictOn(conditions);
  Count(verdict, &counts_);
  if (by_ != HealthBy::kNone) Count(verdict, &parts_[PartOf(node, by_)]);
  for (const Condition& condition : conditions) {
    ++tally_[static_cast<size_t>(condition.kind)][static_cast<size_t>(condition.truth)];
    if (condition.truth == Truth::kTrue || condition.reason == kAgentAway) continue;
    HealthGroup& group = groups_[{condition.truth, condition.kind, condition.reason}];
    if (group.nodes.empty())
      group = {condition.kind, condition.truth, condition.reason, {}, condition.message};
    group.nodes.push_back(node.xname);
  }
}

Verdict HealthSummary::verdict() const {
  if (counts_.degraded > 0) return Verdict::kDegraded;
  return counts_.well > 0 ? Verdict::kWell : Verdict::kUnknown;
}

std::vector<HealthGroup> HealthSummary::Groups() const {
  std::vector<HealthGroup> groups;
  for (const auto& [key, group] : groups_) groups.push_back(group);
  std::stable_sort(groups.begin(), groups.end(), [](const HealthGroup& a, const HealthGroup& b) {
    return std::pair(a.truth, b.nodes.size()) < std::pair(b.truth, a.nodes.size());
  });
  return groups;
}

}  // namespace muster
