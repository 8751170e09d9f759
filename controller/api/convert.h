// The engine's nouns and the registry's as those of the operators' API. Pure.
#pragma once

#include <string>

#include "controller/engine/plan.h"
#include "controller/engine/task.h"
#include "controller/inventory/node_registry.h"
#include "controller/store/job_store.h"
#include "muster/v1/controller.pb.h"

namespace muster {

v1::Job ToProto(const JobSummary& job);
v1::Task ToProto(const std::string& job_id, const Task& task);
v1::Node ToProto(const NodeInfo& node);
v1::Plan ToProto(const Plan& plan);
// But for `from_jobs`; see targets.h.
TargetSpec FromProto(const v1::Targets& targets);

}  // namespace muster
