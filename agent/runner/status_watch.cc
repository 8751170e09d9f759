#include "agent/runner/status_watch.h"

#include <algorithm>
#include <utility>

namespace muster {
namespace {

bool IsSame(const UnitState& left, const UnitState& right) {
  return left.unit == right.unit && left.load_state == right.load_state &&
         left.active_state == right.active_state && left.sub_state == right.sub_state &&
         left.result == right.result && left.invocation_id == right.invocation_id &&
         left.restarts == right.restarts && left.need_daemon_reload == right.need_daemon_reload;
}

}  // namespace

void StatusWatch::OnUnitsChanged(Time now) {
  have_units_changed_ = true;
  SetDue(now);
}

void StatusWatch::OnMountsChanged(Time now) { SetDue(now); }

void StatusWatch::SetDue(Time now) {
  if (due_) return;
  if (last_look_ && now - *last_look_ >= kStatusQuiet) {
    interval_ = kStatusInterval;
    last_look_.reset();
  }
  due_ = now + kStatusMerge;
  if (last_look_) due_ = std::max(*due_, *last_look_ + interval_);
}

void StatusWatch::OnTold(const UnitState& unit) {
  for (UnitState& told : told_.units)
    if (told.unit == unit.unit) told = unit;
}

std::optional<Time> StatusWatch::deadline(bool is_at_work) const {
  if (!due_) return std::nullopt;
  return is_at_work ? *due_ + kStatusAtWork : *due_;
}

StatusWatch::Look StatusWatch::TakeDue(Time now, bool is_at_work) {
  if (!due_ || now < *deadline(is_at_work)) return Look::kNothing;
  due_.reset();
  if (last_look_) interval_ = std::min(2 * interval_, kLongestStatusInterval);
  last_look_ = now;
  return std::exchange(have_units_changed_, false) ? Look::kUnits : Look::kMounts;
}

bool StatusWatch::IsNews(const NodeStatus& status) const {
  return status.mounted != told_.mounted ||
         !std::equal(status.units.begin(), status.units.end(), told_.units.begin(),
                     told_.units.end(), IsSame);
}

}  // namespace muster
