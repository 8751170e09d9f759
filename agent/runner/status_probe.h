// Looks once at the units whose state goes up in Hello: ORCA, under each of its names, and SPIRE. Loop thread only.
#pragma once

#include <systemd/sd-event.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "agent/systemd/unit_manager.h"
#include "agent/uplink/event_source.h"

namespace muster {

class StatusProbe {
 public:
  using Done = std::function<void(std::vector<UnitState>)>;

  explicit StatusProbe(sd_event* event);

  // Calls `done` once with the units that exist, or with those that have answered after 10 s: a Hello that waits for a
  // systemd which does not answer would be too late. Starting anew drops what was under way.
  void Start(UnitManager& units, Done done);
  void Stop();

 private:
  void Finish();
  static int OnTimeout(sd_event_source* source, uint64_t time_us, void* userdata);

  EventSource timeout_;
  uint64_t round_ = 0;  // answers of earlier rounds are nobody's
  size_t missing_ = 0;
  std::vector<UnitState> units_;
  Done done_;
};

}  // namespace muster
