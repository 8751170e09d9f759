#include "controller/api/convert.h"

#include "controller/api/names.h"
#include "controller/store/policy_proto.h"
#include "proto/convert.h"

namespace muster {
namespace {

void SetCounts(const TaskCounts& counts, v1::Job& proto) {
  uint32_t all = 0;
  for (size_t state = 0; state < counts.size(); ++state) {
    all += counts[state];
    if (counts[state] == 0) continue;
    v1::StateCount* count = proto.add_counts();
    count->set_state(static_cast<v1::TaskState>(state));
    count->set_count(counts[state]);
  }
  proto.set_task_count(all);
}

void SetHsm(const NodeInfo& node, v1::Node& proto) {
  proto.set_sub_role(node.sub_role);
  if (node.nid) proto.set_nid(*node.nid);
  proto.set_hsm_state(node.state);
  proto.set_enabled(node.is_enabled);
  proto.set_locked(node.is_locked);
  proto.mutable_groups()->Assign(node.groups.begin(), node.groups.end());
  proto.set_partition(node.partition);
}

}  // namespace

v1::Job ToProto(const JobSummary& job) {
  v1::Job proto;
  proto.set_name(JobName(job.spec.id));
  proto.set_state(static_cast<v1::JobState>(job.status.state));
  *proto.mutable_work() = ToProto(job.spec.work);
  *proto.mutable_policy() = ToProto(job.spec.policy);
  *proto.mutable_create_time() = ToProto(job.spec.created);
  if (job.status.ended) *proto.mutable_end_time() = ToProto(*job.status.ended);
  proto.set_created_by(job.spec.created_by);
  SetCounts(job.counts, proto);
  proto.set_detail(job.status.detail);
  proto.set_revision(job.status.revision);
  if (!job.spec.operation.empty()) proto.set_operation(OperationName(job.spec.operation));
  proto.mutable_remarks()->Assign(job.spec.remarks.begin(), job.spec.remarks.end());
  return proto;
}

v1::Task ToProto(const std::string& job_id, const Task& task) {
  v1::Task proto;
  proto.set_name(TaskName(job_id, task.node));
  proto.set_node(task.node);
  proto.set_state(static_cast<v1::TaskState>(task.state));
  proto.set_attempt(task.attempt);
  proto.set_reason(static_cast<v1::Reason>(task.reason));
  proto.set_detail(task.detail);
  if (task.outcome) *proto.mutable_outcome() = ToProto(*task.outcome);
  if (task.late_outcome) *proto.mutable_late_outcome() = ToProto(*task.late_outcome);
  *proto.mutable_update_time() = ToProto(task.updated);
  proto.set_revision(task.revision);
  return proto;
}

v1::Node ToProto(const NodeInfo& node) {
  v1::Node proto;
  proto.set_name(NodeName(node.xname));
  for (const std::string& alias : node.aliases) proto.add_aliases(alias);
  proto.set_role(node.role);
  proto.set_presence(static_cast<v1::Presence>(node.presence));
  if (node.presence_since) *proto.mutable_presence_time() = ToProto(*node.presence_since);
  proto.set_agent_version(node.hello.agent_version);
  proto.set_incarnation(node.hello.incarnation);
  proto.set_boot_id(node.hello.boot_id);
  for (const std::string& feature : node.hello.features) proto.add_features(feature);
  proto.set_address(node.address);
  proto.set_in_inventory(node.in_inventory || node.in_hsm);
  if (node.in_hsm) SetHsm(node, proto);
  if (!node.status_time) return proto;
  *proto.mutable_status() = ToProto(node.hello.status);
  *proto.mutable_status_time() = ToProto(*node.status_time);
  return proto;
}

v1::Plan ToProto(const Plan& plan) {
  v1::Plan proto;
  proto.mutable_canaries()->Assign(plan.canaries.begin(), plan.canaries.end());
  proto.mutable_away()->Assign(plan.away.begin(), plan.away.end());
  proto.mutable_waves()->Assign(plan.waves.begin(), plan.waves.end());
  *proto.mutable_least_duration() = ToProto(plan.least_duration);
  return proto;
}

TargetSpec FromProto(const v1::Targets& targets) {
  TargetSpec spec;
  spec.node_sets.assign(targets.node_sets().begin(), targets.node_sets().end());
  spec.all = targets.all();
  spec.roles.assign(targets.roles().begin(), targets.roles().end());
  spec.exclude.assign(targets.exclude().begin(), targets.exclude().end());
  spec.states.assign(targets.states().begin(), targets.states().end());
  spec.groups.assign(targets.groups().begin(), targets.groups().end());
  spec.partitions.assign(targets.partitions().begin(), targets.partitions().end());
  spec.include_disabled = targets.include_disabled();
  return spec;
}

}  // namespace muster
