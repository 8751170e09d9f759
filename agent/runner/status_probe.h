// Looks once at the units whose state goes up. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/systemd/unit_manager.h"
#include "common/time.h"

namespace muster {

class StatusProbe {
 public:
  // What was seen. Not complete: a unit that is not in it may be there all the same.
  struct Seen {
    std::vector<UnitState> units;  // in the order of their names
    bool is_complete = true;
  };
  using Done = std::function<void(Seen)>;

  // Calls `done` once with those of `names` that exist, or that have answered by deadline(), 10 s after `now`: a Hello that waits for a
  // systemd which does not answer would be too late. Starting anew drops what was under way.
  void Start(UnitManager& units, const std::vector<std::string>& names, Time now, Done done);
  void Stop();

  // When to call OnDeadline; nothing if no look is under way.
  std::optional<Time> deadline() const { return deadline_; }
  void OnDeadline(Time now);

 private:
  void Finish();

  uint64_t round_ = 0;  // answers of earlier rounds are nobody's
  size_t missing_ = 0;
  std::optional<Time> deadline_;
  Seen seen_;
  Done done_;
};

}  // namespace muster
