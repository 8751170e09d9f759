// A job as the web port tells it, in its list and in its events. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>

#include "controller/store/job_store.h"

namespace muster {

nlohmann::ordered_json JobJson(const JobSummary& job);

}  // namespace muster
