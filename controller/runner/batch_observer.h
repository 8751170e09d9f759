// Who counts what the runner does. Called on its thread after each commit, before anybody is told of it: shortly.
#pragma once

#include <vector>

#include "common/time.h"
#include "controller/engine/engine.h"
#include "controller/engine/record.h"

namespace muster {

class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  // What was loaded; on the thread that starts the runner, before it.
  virtual void OnStart(const Engine& engine) = 0;
  // `took` is the store's time, its sync included. The engine is as it is after the batch.
  virtual void OnCommitted(const std::vector<Record>& records, const Engine& engine,
                           Duration took) = 0;
  // It could not be written; it is tried again until it is, or the controller stops.
  virtual void OnCommitFailed() = 0;
};

}  // namespace muster
