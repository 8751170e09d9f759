// Properties of a unit, as systemd's GetAll answers them, into a UnitState. Loop thread only.
#pragma once

#include <systemd/sd-bus.h>

#include "common/outcome.h"
#include "common/status.h"
#include "common/time.h"

namespace muster {

// `reply` is of type a{sv}, properties of any interfaces; those of .Service are absent for other kinds of units. `monotonic_now`
// is CLOCK_MONOTONIC, systemd's clock for ages. INTERNAL if the reply is not what systemd's interface promises.
absl::StatusOr<UnitState> ReadUnitState(const std::string& unit, Duration monotonic_now,
                                        sd_bus_message* reply);

}  // namespace muster
