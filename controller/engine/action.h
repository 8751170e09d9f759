// What the engine wants done. The runner does a batch in this order: commit every record with one sync, then send, then
// answer. Within a kind the order is the engine's.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/messages.h"
#include "common/status.h"
#include "controller/engine/event.h"
#include "controller/engine/record.h"

namespace muster {

struct Send {
  SessionId session = 0;
  ControllerMessage message;
};

// The answer to an operator: the id of the job.
struct Reply {
  RequestId request = 0;
  absl::StatusOr<std::string> job;
};

// Several agents began, or stopped, to claim that they are this node. Where it is shown is not durable.
struct ConflictChanged {
  std::string node;
  bool begins = false;
};

struct Actions {
  std::vector<Record> records;
  std::vector<Send> sends;
  std::vector<Reply> replies;
  std::vector<ConflictChanged> conflicts;
};

}  // namespace muster
