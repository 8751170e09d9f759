// How long an agent waits before it opens its next stream. Pure.
#pragma once

#include <cstdint>
#include <random>

#include "common/time.h"

namespace muster {

// The longest delay after `failures` attempts in a row that came to nothing: room for the whole fleet, doubled by each
// failure up to a minute. A fleet that needs more than a minute gets it, up to ten.
Duration ReconnectWindow(uint32_t fleet_size, uint32_t failures);

// A random time within the window, all of it equally likely, so that agents that lost one controller at one moment do not
// come back at one moment.
Duration ReconnectDelay(uint32_t fleet_size, uint32_t failures, std::mt19937_64& random);

}  // namespace muster
