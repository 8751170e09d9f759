#include "agent/ledger/outcome_json.h"

#include <nlohmann/json.hpp>

#include "agent/ledger/content_json.h"
#include "agent/ledger/json_reader.h"

namespace muster {
namespace {

using nlohmann::json;

json EvidenceToJson(const Evidence& evidence) {
  json out = {{"job_result", evidence.job_result},
              {"error_name", evidence.error_name},
              {"foreign_restarts", evidence.foreign_restarts},
              {"duration_ns", evidence.duration.count()},
              {"recovered", evidence.recovered}};
  if (evidence.before) out["before"] = ToJson(*evidence.before);
  if (evidence.after) out["after"] = ToJson(*evidence.after);
  if (evidence.spire) out["spire"] = ToJson(*evidence.spire);
  if (evidence.content) out["content"] = ToJson(*evidence.content);
  return out;
}

void ReadUnitState(JsonReader& reader, const char* field, Boxed<UnitState>& state) {
  const json* found = reader.ReadOptional(field);
  if (found == nullptr) return;
  auto read = UnitStateFromJson(*found);
  if (!read.ok()) return reader.FailWith(read.status());
  state = *std::move(read);
}

absl::StatusOr<Evidence> EvidenceFromJson(const json& in) {
  Evidence evidence;
  JsonReader reader(in, "evidence");
  reader.Read("job_result", evidence.job_result);
  reader.Read("error_name", evidence.error_name);
  reader.Read("foreign_restarts", evidence.foreign_restarts);
  reader.Read("duration_ns", evidence.duration);
  reader.Read("recovered", evidence.recovered);
  ReadUnitState(reader, "before", evidence.before);
  ReadUnitState(reader, "after", evidence.after);
  ReadUnitState(reader, "spire", evidence.spire);
  if (const json* content = reader.ReadOptional("content")) {
    auto record = ContentRecordFromJson(*content);
    MUSTER_RETURN_IF_ERROR(record.status());
    evidence.content = *std::move(record);
  }
  MUSTER_RETURN_IF_ERROR(reader.Finish());
  return evidence;
}

}  // namespace

json ToJson(const UnitState& state) {
  json out = {{"unit", state.unit},
              {"load_state", state.load_state},
              {"active_state", state.active_state},
              {"sub_state", state.sub_state},
              {"result", state.result},
              {"invocation_id", state.invocation_id},
              {"exec_main_code", state.exec_main_code},
              {"exec_main_status", state.exec_main_status},
              {"restarts", state.restarts},
              {"job_id", state.job_id},
              {"need_daemon_reload", state.need_daemon_reload},
              {"condition_result", state.condition_result}};
  if (state.active_age) out["active_age_ns"] = state.active_age->count();
  return out;
}

json ToJson(const Outcome& outcome) {
  return {{"state", Name(outcome.state)},
          {"reason", Name(outcome.reason)},
          {"detail", outcome.detail},
          {"evidence", EvidenceToJson(outcome.evidence)}};
}

absl::StatusOr<UnitState> UnitStateFromJson(const json& in) {
  UnitState state;
  JsonReader reader(in, "unit state");
  reader.Read("unit", state.unit);
  reader.Read("load_state", state.load_state);
  reader.Read("active_state", state.active_state);
  reader.Read("sub_state", state.sub_state);
  reader.Read("result", state.result);
  reader.Read("invocation_id", state.invocation_id);
  reader.Read("exec_main_code", state.exec_main_code);
  reader.Read("exec_main_status", state.exec_main_status);
  reader.Read("restarts", state.restarts);
  reader.Read("job_id", state.job_id);
  reader.Read("need_daemon_reload", state.need_daemon_reload);
  reader.Read("condition_result", state.condition_result);
  if (in.is_object() && in.contains("active_age_ns")) {
    reader.Read("active_age_ns", state.active_age.emplace());
  }
  MUSTER_RETURN_IF_ERROR(reader.Finish());
  return state;
}

absl::StatusOr<Outcome> OutcomeFromJson(const json& in) {
  Outcome outcome;
  std::string state, reason;
  JsonReader reader(in, "outcome");
  reader.Read("state", state);
  reader.Read("reason", reason);
  reader.Read("detail", outcome.detail);
  auto evidence = EvidenceFromJson(reader.ReadObject("evidence"));
  MUSTER_RETURN_IF_ERROR(reader.Finish());
  MUSTER_RETURN_IF_ERROR(evidence.status());
  const auto known_state = OutcomeStateFromName(state);
  const auto known_reason = ReasonFromName(reason);
  if (!known_state || !known_reason) {
    return MakeStatus(absl::StatusCode::kInvalidArgument, "outcome: unknown state {} or reason {}",
                      state, reason);
  }
  outcome.state = *known_state;
  outcome.reason = *known_reason;
  outcome.evidence = *std::move(evidence);
  return outcome;
}

}  // namespace muster
