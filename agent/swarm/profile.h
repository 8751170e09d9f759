// How the units of a swarm behave. Plain data.
#pragma once

#include "common/time.h"

namespace muster::swarm {

struct Profile {
  // A start takes a time between these, all of them equally likely.
  Duration shortest_start{};
  Duration longest_start{};
  // The share of restarts, from 0 to 1, that …
  double fails = 0;    // … end with exit code 1
  double hangs = 0;    // … never end
  double dies = 0;     // … end well, and the unit dies half a second later
  double forgets = 0;  // … end well, and the unit never subscribes
};

}  // namespace muster::swarm
