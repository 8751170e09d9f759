// Reads HSM again and again, and gives each picture to whoever keeps it. Owned by main; a thread of its own.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "common/mutex.h"
#include "common/time.h"
#include "controller/csm/node_source.h"

namespace muster {

class HsmPoller {
 public:
  using Take = std::function<void(const std::vector<InventoryNode>&)>;

  // `source` is lent and outlives it. `take` is called on the poller's thread. The first reading is at once.
  HsmPoller(NodeSource& source, Duration interval, Take take);
  // Waits for the reading that is under way, which the owner of the source has stopped.
  ~HsmPoller();
  HsmPoller(const HsmPoller&) = delete;
  HsmPoller& operator=(const HsmPoller&) = delete;

 private:
  void Run();
  void Read(bool* has_failed);

  NodeSource& source_;
  const Duration interval_;
  const Take take_;
  Mutex mutex_;
  CondVar changed_;
  bool is_stopping_ MUSTER_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace muster
