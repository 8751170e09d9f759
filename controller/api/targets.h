// Which nodes a request is about, with the nodes of earlier jobs' tasks looked up.
#pragma once

#include <string>
#include <vector>

#include "common/status.h"
#include "controller/inventory/node_registry.h"
#include "controller/store/job_store.h"
#include "muster/v1/controller.pb.h"

namespace muster {

// Jobs that one request may name.
inline constexpr int kMaxFromJobs = 20;

// As NodeRegistry::Resolve, and the nodes of `from_jobs`: those whose task is in one of the states now and that are still known; they
// count as named. NOT_FOUND for a job that is not there, and if nothing is left. On the thread of `reader`.
absl::StatusOr<Resolved> ResolveTargets(const v1::Targets& targets, const NodeRegistry& registry,
                                        JobReader& reader);

}  // namespace muster
