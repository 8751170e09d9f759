// What can be told of a job before it is made, beside its plan: who is in its way, who cannot do it, and how long it took before. It reads
// the store: on the service's worker only.
#pragma once

#include <string>
#include <vector>

#include "common/work.h"
#include "controller/engine/policy.h"
#include "controller/inventory/node_registry.h"
#include "controller/store/job_store.h"

namespace muster {

// A sentence each. `nodes` is sorted. What cannot be read is left out: a dry run is no worse for it.
std::vector<std::string> OutlookOf(const Work& work, const Policy& policy,
                                   const std::vector<std::string>& nodes,
                                   const NodeRegistry& registry, JobReader& reader);

}  // namespace muster
