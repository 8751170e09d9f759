// What the executor wants done. The runner does them in their order; those that say so are answered by an event, later.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "agent/ledger/ledger_store.h"
#include "agent/mount/child_task.h"
#include "common/messages.h"

namespace muster {

struct WatchUnit {  // -> UnitWatched
  AttemptKey key;
  std::string unit;
};
struct UnwatchUnit {
  std::string unit;
};
struct InspectUnit {  // -> UnitInspected
  AttemptKey key;
  std::string unit;
};
struct WriteIntent {  // synced -> IntentWritten
  Intent intent;
};
struct CallRestart {  // -> RestartAnswered
  AttemptKey key;
  std::string unit;
};
struct
    WriteOutcome {  // synced -> OutcomeWritten, also when it failed: the intent alone is enough to find it again
  AttemptKey key;
  Outcome outcome;
};
struct ReadMounts {  // -> MountsRead
  AttemptKey key;
};
struct RunChild {  // -> ChildEnded
  AttemptKey key;
  ChildTask task;
  Duration patience{};
};
struct SettleEntry {
  AttemptKey key;
};
struct SendReport {
  AttemptKey key;
  std::optional<Outcome> outcome;  // none: running
};

using Action = std::variant<WatchUnit, UnwatchUnit, InspectUnit, WriteIntent, CallRestart,
                            WriteOutcome, ReadMounts, RunChild, SettleEntry, SendReport>;
using Actions = std::vector<Action>;

}  // namespace muster
