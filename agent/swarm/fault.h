// What a swarm does to its controller, and when. Plain data.
#pragma once

#include <string>

#include "common/status.h"
#include "common/time.h"

namespace muster::swarm {

enum class FaultKind {
  kDisconnect,  // their connections break, all at once
  kSilent,      // they read nothing and answer nothing, and stay connected
  kSlow,        // they read for a tenth of the time
  kFlap,        // each second their units fail, or are up again
  kFlood,       // they report outcomes that nobody asked for, as fast as the controller takes them
};

struct Fault {
  Duration at{};  // after the start
  FaultKind kind{};
  double share =
      0;  // of the agents, from 0 to 1: the first ones, so that two faults can have the same
  Duration lasts{};
  bool operator==(const Fault&) const = default;
};

// "AT:KIND:SHARE[:FOR]" with seconds and per cent, such as "30:silent:50:120"; a disconnect has no FOR.
// INVALID_ARGUMENT with what is wrong.
absl::StatusOr<Fault> ParseFault(const std::string& text);

}  // namespace muster::swarm
