#include "agent/runner/status_probe.h"

#include <utility>

namespace muster {
namespace {

constexpr const char* kUnits[] = {"cray-orca.service", "cray-dvs-orca.service",
                                  "spire-agent.service"};
constexpr Duration kTimeout = 10s;

}  // namespace

StatusProbe::StatusProbe(sd_event* event)
    : timeout_(MakeTimer(event, 1s, &StatusProbe::OnTimeout, this)) {}

void StatusProbe::Start(UnitManager& units, Done done) {
  ++round_;
  units_.clear();
  done_ = std::move(done);
  missing_ = std::size(kUnits);
  Arm(timeout_, kTimeout);
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
  Disarm(timeout_);
}

void StatusProbe::Finish() {
  missing_ = 0;
  Disarm(timeout_);
  if (Done done = std::exchange(done_, nullptr)) done(std::move(units_));
}

int StatusProbe::OnTimeout(sd_event_source*, uint64_t, void* userdata) {
  static_cast<StatusProbe*>(userdata)->Finish();
  return 0;
}

}  // namespace muster
