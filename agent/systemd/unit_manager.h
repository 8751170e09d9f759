// What the agent asks of systemd. One thread: the loop's. Every `done` is called later on it, never inside the call, exactly
// once, also when the bus goes away (with UNAVAILABLE). Calls carry deadlines of their own (25 s, the D-Bus default).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/outcome.h"
#include "common/status.h"

namespace muster {

// How systemd answered a restart call: with a job, or with a D-Bus error. Not every error means that nothing was done: see
// IsEffectUnknown in unit_result.h.
struct RestartAnswer {
  uint32_t job_id = 0;
  std::string error_name;  // empty if there is a job
  std::string error_message;
  bool operator==(const RestartAnswer&) const = default;
};

class UnitManager {
 public:
  // Called for the jobs of watched units, in the order of systemd's signals.
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void OnJobRemoved(const std::string& unit, uint32_t job_id,
                              const std::string& result) = 0;
    // Of the units that are observed at least one may be in another state now. Often comes several times for one change.
    virtual void OnUnitsChanged() = 0;
    // The bus was lost and is back, or systemd executed itself anew; signals may have been missed. Watches are in force again.
    // May come several times for one loss.
    virtual void OnWatchRestored(const std::string& unit) = 0;
  };

  virtual ~UnitManager() = default;

  // Listens to jobs and keeps the unit in systemd's memory (RefUnit), so that its last state can be read after it ended. The
  // subscription to job signals exists only while a unit is watched. A unit that does not exist can be watched.
  virtual void Watch(const std::string& unit, std::function<void(absl::Status)> done) = 0;
  virtual void Unwatch(const std::string& unit) = 0;

  // Has OnUnitsChanged called for these units from now on, and for no others. Before anything else, and again when they
  // are others.
  virtual void Observe(const std::vector<std::string>& units) = 0;

  // The unit's properties. A unit that does not exist has load_state "not-found".
  virtual void Inspect(const std::string& unit,
                       std::function<void(absl::StatusOr<UnitState>)> done) = 0;

  // ResetFailedUnit (so that the start limit counts from zero), then RestartUnit(unit, "replace").
  virtual void Restart(const std::string& unit, std::function<void(RestartAnswer)> done) = 0;
};

}  // namespace muster
