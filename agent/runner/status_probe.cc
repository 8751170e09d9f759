#include "agent/runner/status_probe.h"

#include <algorithm>
#include <utility>

namespace muster {
namespace {

constexpr Duration kTimeout = 10s;

}  // namespace

void StatusProbe::Start(UnitManager& units, const std::vector<std::string>& names, Time now,
                        Done done) {
  ++round_;
  seen_ = {};
  done_ = std::move(done);
  missing_ = names.size();
  deadline_ = now + kTimeout;
  if (missing_ == 0) return Finish();
  for (const std::string& unit : names) {
    units.Inspect(unit, [this, round = round_](const absl::StatusOr<UnitState>& state) {
      if (round != round_ || missing_ == 0) return;
      // Any other error will not pass: there is no unit of such a name.
      if (absl::IsUnavailable(state.status())) seen_.is_complete = false;
      if (state.ok() && state->load_state != "not-found") seen_.units.push_back(*state);
      if (--missing_ == 0) Finish();
    });
  }
}

void StatusProbe::Stop() {
  ++round_;
  missing_ = 0;
  done_ = nullptr;
  deadline_.reset();
}

void StatusProbe::OnDeadline(Time now) {
  if (deadline_ && now >= *deadline_) Finish();
}

void StatusProbe::Finish() {
  if (std::exchange(missing_, 0) > 0) seen_.is_complete = false;
  deadline_.reset();
  std::sort(seen_.units.begin(), seen_.units.end(),
            [](const UnitState& a, const UnitState& b) { return a.unit < b.unit; });
  if (Done done = std::exchange(done_, nullptr)) done(std::move(seen_));
}

}  // namespace muster
