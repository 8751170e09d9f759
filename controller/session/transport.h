// The runner's way to the agents. Implemented by SessionTable; by memory in tests.
#pragma once

#include <string>

#include "common/messages.h"
#include "controller/engine/event.h"

namespace muster {

class Transport {
 public:
  virtual ~Transport() = default;
  // Queues a message for a session; never blocks. False if the session is gone or too far behind (which ends it); the
  // engine hears of that by SessionDown. Any thread.
  virtual bool Send(SessionId session, const ControllerMessage& message) = 0;
  // Ends a session; SessionDown follows. `why` goes to the agent as the status of its stream.
  virtual void Close(SessionId session, const std::string& why) = 0;
};

}  // namespace muster
