// What happens to the executor. Each comes with the time at which the loop takes it, on the agent's CLOCK_BOOTTIME.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "agent/ledger/ledger_store.h"
#include "agent/mount/child_task.h"
#include "agent/mount/content_tree.h"
#include "agent/systemd/unit_manager.h"
#include "common/messages.h"
#include "common/status.h"

namespace muster {

struct CommandReceived {
  Command command;
  Duration waited{};                 // on its way here; see agent.proto, "Too late"
  std::optional<Outcome> tombstone;  // of the same key, if the ledger remembers it
};

struct CancelReceived {
  AttemptKey key;
  std::optional<Outcome> tombstone;
};

struct SettledReceived {
  AttemptKey key;
};

// The controller has said Welcome.
struct Welcomed {};

// Answers to actions; each names the attempt that asked.
struct UnitWatched {
  AttemptKey key;
  absl::Status status;
};
struct UnitInspected {
  AttemptKey key;
  absl::StatusOr<UnitState> state;
};
struct IntentWritten {
  AttemptKey key;
  absl::Status status;
};
struct RestartAnswered {
  AttemptKey key;
  RestartAnswer answer;
};
struct OutcomeWritten {
  AttemptKey key;
};
struct MountsRead {
  AttemptKey key;
  std::shared_ptr<const MountTable> table;
};
struct ChildEnded {
  AttemptKey key;
  ChildResult result;
};

// From systemd, about a watched unit.
struct JobRemoved {
  std::string unit;
  uint32_t job_id = 0;
  std::string result;
};
struct WatchRestored {
  std::string unit;
};

// NextDeadline() has come.
struct DeadlinePassed {};

using Event = std::variant<CommandReceived, CancelReceived, SettledReceived, Welcomed, UnitWatched,
                           UnitInspected, IntentWritten, RestartAnswered, OutcomeWritten,
                           MountsRead, ChildEnded, JobRemoved, WatchRestored, DeadlinePassed>;

}  // namespace muster
