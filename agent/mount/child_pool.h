// Runs what may hang in children, and tells when they end: one process for each task, which the loop never waits for.
//
// A child holds a file lock for what it works on (its target, or all of /proc) as long as it lives, so that there is never a second one at
// the same, not even from an agent that was started again: it would mount a thing twice, or leave one more process behind on a file
// system that hangs. A child that unmounts or mounts is not killed when its time is over, for what it has begun goes on in the kernel;
// the others are.
//
// Loop thread. Owned by main; lent to the core.
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

#include <list>
#include <string>

#include "agent/mount/child_task.h"
#include "agent/mount/children.h"
#include "agent/uplink/event_source.h"
#include "common/unique_fd.h"

namespace muster {

class ChildPool final : public Children {
 public:
  // `lock_dir` is made when it is first needed. The event loop outlives the pool.
  ChildPool(sd_event* event, std::string lock_dir);
  ChildPool(const ChildPool&) = delete;
  ChildPool& operator=(const ChildPool&) = delete;
  ~ChildPool() override;

  void Run(const ChildTask& task, Duration patience, Done done) override;

 private:
  struct Child {
    ChildPool* pool = nullptr;
    pid_t pid = 0;
    bool may_be_killed = false;
    UniqueFd result;
    std::string text;  // read so far
    EventSource readable;
    EventSource timer;
    Done done;  // empty: it was told to hang, and is waited for no more
    std::list<Child>::iterator self;
  };

  void Start(const ChildTask& task, UniqueFd lock, Duration patience, Done done);
  void OnReadable(Child& child);
  void OnTimeout(Child& child);

  static int OnReadable(sd_event_source* source, int fd, uint32_t events, void* userdata);
  static int OnTimer(sd_event_source* source, uint64_t time_us, void* userdata);

  sd_event* const event_;
  const std::string lock_dir_;
  std::list<Child> children_;
};

}  // namespace muster
