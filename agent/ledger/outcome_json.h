// Outcomes as JSON, for the ledger's files. Pure; any thread. Reading is strict: a field that is missing, unknown or of the wrong
// kind is INVALID_ARGUMENT with the field's name, for a record that is half understood must not be acted upon.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "common/outcome.h"
#include "common/status.h"

namespace muster {

nlohmann::json ToJson(const UnitState& state);
nlohmann::json ToJson(const Outcome& outcome);

absl::StatusOr<UnitState> UnitStateFromJson(const nlohmann::json& json);
absl::StatusOr<Outcome> OutcomeFromJson(const nlohmann::json& json);

}  // namespace muster
