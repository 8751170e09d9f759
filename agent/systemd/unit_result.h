// From what was seen of a restart to how the attempt ended: one table, measured on systemd 252 row by row (the tests are
// those rows). Pure: no clock, no bus; any thread. Nothing here fails; what systemd says that this version does not
// know becomes a named failure with systemd's own word in the sentence.
//
// A restart is proven by a job that ended "done", a unit that is loaded and active, and an InvocationID that is new - and by
// the same being true after the settle time: "done" alone covers conditions that were not met, programs that end
// at once, and Type=simple units whose program does not even exist.
//
// Each outcome is one sentence that names the unit and what to look at next, with `before` and `after` as evidence.
#pragma once

#include <optional>
#include <string>

#include "agent/systemd/unit_manager.h"
#include "common/outcome.h"

namespace muster {

// The bus or systemd went away before it answered: the restart may have been taken or not. The unit must be looked
// at; nothing may be concluded from this answer.
bool IsEffectUnknown(const RestartAnswer& answer);

// Of an answer with an error name, effect known: systemd did not take the call and the unit is as it was.
Outcome ClassifyCallError(const RestartAnswer& answer, const UnitState& before);

// Of the unit as it is after JobRemoved. Nothing: all is well so far and the unit has to settle. An empty `job_result` means
// that nobody heard how the job ended (the agent was not there); the unit alone decides then.
std::optional<Outcome> ClassifyAfterJob(const UnitState& before, const std::string& job_result,
                                        const UnitState& after);

// Of the unit as it is `now`, after the settle time that began when it was `first`. Nothing: somebody else restarted it, or is
// about to; the settle time begins again with `now`, if it is up.
std::optional<Outcome> ClassifySettled(const UnitState& before, const UnitState& first,
                                       const UnitState& now);

}  // namespace muster
