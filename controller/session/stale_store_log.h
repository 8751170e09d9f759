// Tells the operator that agents are refused because they have seen a later life of the store: at once, and then once a minute with how many
// it were, for each of thousands of agents tries again and again. Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "common/messages.h"
#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"

namespace muster {

class StaleStoreLog {
 public:
  static constexpr Duration kInterval = 1min;

  // One agent was refused, and `why` is what it was told.
  void Note(const absl::Status& why, Time now);
  // Says what waits to be said. Called now and then.
  void Flush(Time now);

 private:
  void FlushLocked(Time now) MUSTER_REQUIRES(mutex_);

  Mutex mutex_;
  size_t refused_ MUSTER_GUARDED_BY(mutex_) = 0;  // since the last line
  std::string why_ MUSTER_GUARDED_BY(mutex_);     // the last of them
  std::optional<Time> said_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
