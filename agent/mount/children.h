// Where what may hang is done: in processes of their own. Loop thread.
#pragma once

#include <functional>

#include "agent/mount/child_task.h"
#include "common/time.h"

namespace muster {

class Children {
 public:
  using Done = std::function<void(const ChildResult& result)>;
  virtual ~Children() = default;
  // The answer comes exactly once, maybe inside the call. After `patience` it is that the child hangs.
  virtual void Run(const ChildTask& task, Duration patience, Done done) = 0;
};

// On a node that is simulated without content: everything is done at once.
class NoChildren final : public Children {
 public:
  void Run(const ChildTask&, Duration, Done done) override { done({}); }
};

}  // namespace muster
