// Looks once at the units whose state goes up in Hello: ORCA, under each of its names, and SPIRE. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "agent/systemd/unit_manager.h"
#include "common/time.h"

namespace muster {

class StatusProbe {
 public:
  using Done = std::function<void(std::vector<UnitState>)>;

  // Calls `done` once with the units that exist, or with those that have answered by deadline(), 10 s after `now`: a Hello that waits
  // for a systemd which does not answer would be too late. Starting anew drops what was under way.
  void Start(UnitManager& units, Time now, Done done);
  void Stop();

  // When to call OnDeadline; nothing if no look is under way.
  std::optional<Time> deadline() const { return deadline_; }
  void OnDeadline(Time now);

 private:
  void Finish();

  uint64_t round_ = 0;  // answers of earlier rounds are nobody's
  size_t missing_ = 0;
  std::optional<Time> deadline_;
  std::vector<UnitState> units_;
  Done done_;
};

}  // namespace muster
