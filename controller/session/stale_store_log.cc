#include "controller/session/stale_store_log.h"

#include "common/log.h"

namespace muster {

void StaleStoreLog::Note(const absl::Status& why, Time now) {
  const MutexLock lock(mutex_);
  ++refused_;
  why_ = Message(why);
  FlushLocked(now);
}

void StaleStoreLog::Flush(Time now) {
  const MutexLock lock(mutex_);
  FlushLocked(now);
}

void StaleStoreLog::FlushLocked(Time now) {
  if (refused_ == 0 || (said_ && now - *said_ < kInterval)) return;
  log::Error("agents are refused, for what is in this store may not be what was done: {} count={}",
             why_, refused_);
  said_ = now;
  refused_ = 0;
}

}  // namespace muster
