// Records of mounts, and what is done with them, as JSON of the ledger. Pure; any thread. Reading is strict, as in ledger_entry.h.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "common/content.h"
#include "common/status.h"
#include "common/work.h"

namespace muster {

nlohmann::json ToJson(const ContentRecord& record);
absl::StatusOr<ContentRecord> ContentRecordFromJson(const nlohmann::json& json);

// UnmountContent or RemountContent.
nlohmann::json ContentWorkToJson(const Work& work);
absl::StatusOr<Work> ContentWorkFromJson(const nlohmann::json& json);

}  // namespace muster
