#include "agent/runner/status_probe.h"

#include <utility>

namespace muster {
namespace {

constexpr const char* kUnits[] = {"cray-orca.service", "cray-dvs-orca.service",
                                  "spire-agent.service"};
constexpr Duration kTimeout = 10s;

}  // namespace

void StatusProbe::Start(UnitManager& units, Time now, Done done) {
  ++round_;
  units_.clear();
  done_ = std::move(done);
  missing_ = std::size(kUnits);
  deadline_ = now + kTimeout;
  for (const char* unit : kUnits) {
    units.Inspect(unit, [this, round = round_](const absl::StatusOr<UnitState>& state) {
      if (round != round_ || missing_ == 0) return;
      if (state.ok() && state->load_state != "not-found") units_.push_back(*state);
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
  missing_ = 0;
  deadline_.reset();
  if (Done done = std::exchange(done_, nullptr)) done(std::move(units_));
}

}  // namespace muster
