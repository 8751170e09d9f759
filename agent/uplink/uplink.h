// The agent's side of the stream, as the runner sees it: messages in, messages out, up and down.
// Reconnecting, pacing and the liveness of the peer are the uplink's own business. One thread: the
// owner's loop.
#pragma once

#include <cstdint>
#include <string>

#include "common/messages.h"

namespace muster {

// Owned by the caller of Uplink; outlives it. Called from the loop, never from inside a call to Uplink.
class UplinkHandler {
 public:
  virtual ~UplinkHandler() = default;
  // A stream is open and takes messages; the first must be Hello.
  virtual void OnUp() = 0;
  // `sender_clock_ns` is the controller's CLOCK_BOOTTIME when it queued the message.
  virtual void OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) = 0;
  // The controller has ended the stream with FAILED_PRECONDITION and without a Welcome; OnDown follows. Says whether the next attempt is to
  // go to the same controller, which will be told something else.
  virtual bool OnRefused() = 0;
  // The stream has ended, or could not be opened; another attempt will be made. `why` is one sentence and is logged already.
  virtual void OnDown(const std::string& why) = 0;
};

class Uplink {
 public:
  virtual ~Uplink() = default;
  virtual void Start() = 0;
  // Queues a message for the open stream. Without one, or past limits::kMaxOutboxBytes (which ends
  // the stream), the message is dropped: what matters is in the ledger and is said again after the
  // next Hello.
  virtual void Send(const AgentMessage& message) = 0;
  // Ends the stream whose message is being handled, for its controller is none for this agent: `why` is a verb phrase about it.
  // The next attempt goes to another controller, if there is one, as after a failure.
  virtual void Reject(const std::string& why) = 0;
  // Sends what is queued, blocking for at most two seconds, then ends the stream and calls nothing any more.
  virtual void Stop() = 0;
};

}  // namespace muster
