// How long messages of one stream were on their way, told from two clocks that are never compared: the smallest difference
// between the receiver's and the sender's is taken for a message that waited for nothing, and what another exceeds it by is its wait.
//
// The clocks drift: each may be slewed by up to 500 ppm (adjtimex(2)), which is 30 s in a day. So the smallest difference is let
// grow by as much; a command that was held up for an hour seems 2 s younger than it is. Plain data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/time.h"

namespace muster {

class TransitClock {
 public:
  // Both in nanoseconds, of monotonic clocks.
  Duration Waited(uint64_t sender_ns, uint64_t receiver_ns) {
    const auto difference = static_cast<int64_t>(receiver_ns - sender_ns);
    if (fastest_) {
      const auto elapsed = static_cast<int64_t>(receiver_ns - last_ns_);
      fastest_ = std::min(*fastest_ + elapsed / kDriftDivisor, difference);
    } else {
      fastest_ = difference;
    }
    last_ns_ = receiver_ns;
    return Duration(difference - *fastest_);
  }

 private:
  static constexpr int64_t kDriftDivisor = 1'000'000 / (2 * 500);

  std::optional<int64_t> fastest_;
  uint64_t last_ns_ = 0;
};

}  // namespace muster
