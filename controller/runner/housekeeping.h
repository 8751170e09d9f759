// When the store is tidied: piece by piece while nothing else waits, after something has ended and else once an hour, for what has
// become too old. Owned by the runner; its thread only.
#pragma once

#include <vector>

#include "common/time.h"
#include "controller/engine/record.h"
#include "controller/store/job_store.h"

namespace muster {

class Housekeeping {
 public:
  // Without cause, and after a piece that could not be done.
  static constexpr Duration kInterval = 1h;

  // The store is lent. The first piece is due at `now`.
  Housekeeping(JobStore& store, Time now) : store_(store), due_(now) {}

  // When the next piece is due: the runner wakes for it, and does it if there is no mail.
  Time due() const { return due_; }
  // What was just committed; it may give cause.
  void Note(Time now, const std::vector<Record>& records);
  // One piece, if it is due. An error is logged once, and nobody but the log hears of it.
  void Work(Time now);

 private:
  JobStore& store_;
  Time due_;
  bool has_failed_ = false;
};

}  // namespace muster
