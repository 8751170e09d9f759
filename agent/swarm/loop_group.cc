#include "agent/swarm/loop_group.h"

#include <sys/epoll.h>

#include "common/require.h"

namespace muster::swarm {
sd_event* LoopGroup::LoopOf(size_t index) {
  while (loops_.size() <= index / kAgentsPerLoop) Add();
  return loops_[index / kAgentsPerLoop].event.get();
}

void LoopGroup::Add() {
  sd_event* event = nullptr;
  Require(sd_event_new(&event), "make an event loop");
  Loop& loop = loops_.emplace_back();
  loop.event.reset(event);
  sd_event_source* source = nullptr;
  Require(sd_event_add_io(
              outer_, &source, sd_event_get_fd(event), EPOLLIN,
              [](sd_event_source*, int, uint32_t, void* inner) {
                Turn(static_cast<sd_event*>(inner));
                return 0;
              },
              event),
          "watch an event loop");
  loop.ready.reset(source);
}

void LoopGroup::TurnAll() {
  for (const Loop& loop : loops_) Turn(loop.event.get());
}

// The last turn, in which nothing was due, has armed the loop's timers.
void LoopGroup::Turn(sd_event* event) {
  int turned = 0;
  do {
    turned = sd_event_run(event, 0);
    Require(turned, "turn an event loop");
  } while (turned > 0);
}

}  // namespace muster::swarm
