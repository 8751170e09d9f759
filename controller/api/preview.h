// What can be told of targets before anything is done. Any thread.
#pragma once

#include <string>
#include <vector>

#include "common/work.h"
#include "controller/engine/policy.h"
#include "controller/inventory/node_registry.h"
#include "controller/store/job_store.h"
#include "muster/v1/job.pb.h"

namespace muster {

// What is answered to validate_only: the job as it would be, without a name, and its plan.
// Its remarks are what an operator should know beside that (outlook.h).
v1::Job Preview(const Work& work, const Policy& policy, const std::string& operator_name,
                const Resolved& targets, const NodeRegistry& registry, JobReader& reader);

// What an operator should know of them beside the report, a sentence each.
std::vector<std::string> RemarksOn(const Resolved& targets, const NodeRegistry& registry);

// The UANs that HSM calls Ready and that are no targets. They are clients of HMNFD, too, and easily forgotten.
std::vector<std::string> UansBeside(const Resolved& targets, const NodeRegistry& registry);
std::string RemarkOnUans(const std::vector<std::string>& uans);

}  // namespace muster
