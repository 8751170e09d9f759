// Many sd-event loops that are turned by one. Loop thread only.
//
// sd-event dispatches one source in a turn and asks the kernel about all of them in the next, so that a turn costs as much as there are
// descriptors ready: with a thousand agents that have something to read, each of a thousand turns goes through a thousand events. In
// loops of their own, kAgentsPerLoop together, they cost as much as their neighbours are busy, and no more.
#pragma once

#include <systemd/sd-event.h>

#include <deque>
#include <memory>

#include "agent/uplink/event_source.h"

namespace muster::swarm {

inline constexpr size_t kAgentsPerLoop = 64;

class LoopGroup {
 public:
  explicit LoopGroup(sd_event* outer) : outer_(outer) {}
  LoopGroup(const LoopGroup&) = delete;
  LoopGroup& operator=(const LoopGroup&) = delete;

  // The loop of the `index`th agent. It lives as long as the group.
  sd_event* LoopOf(size_t index);
  // Turns every loop until nothing is due: after anything that was done to their agents from outside.
  void TurnAll();

 private:
  struct Unref {
    void operator()(sd_event* event) const { sd_event_unref(event); }
  };
  struct Loop {
    std::unique_ptr<sd_event, Unref> event;
    EventSource ready;  // in the outer loop
  };

  void Add();
  static void Turn(sd_event* event);

  sd_event* const outer_;
  std::deque<Loop> loops_;
};

}  // namespace muster::swarm
