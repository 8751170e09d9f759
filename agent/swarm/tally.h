// What all agents of a swarm have done, together. Counts since the start, but for `attached`. Plain data.
#pragma once

#include <cstdint>

namespace muster::swarm {

struct Tally {
  uint64_t attached = 0;  // now
  uint64_t opened = 0;    // streams
  uint64_t ended = 0;     // streams that had been open
  uint64_t failed = 0;    // attempts that led to no stream
  uint64_t restarts = 0;
  uint64_t subscribed = 0;        // starts that HMNFD knows of
  uint64_t subscribe_failed = 0;  // starts that it refused, or could not be told of
  bool operator==(const Tally&) const = default;
};

}  // namespace muster::swarm
