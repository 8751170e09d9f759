#include "controller/store/operation_proto.h"

#include <utility>

#include "controller/nodeset/node_set.h"
#include "controller/store/policy_proto.h"
#include "proto/convert.h"

namespace muster {
namespace {

// HMNFD drops the subscription of a node whose port refused while its unit was restarted: one more restart brings it back. Three, since that may
// happen again.
constexpr uint32_t kUsualRetries = 3;
// As of a restart that stands alone.
constexpr Duration kUsualSettle = 5s;

// Of "jobs/{id}"; empty for an empty name.
std::string JobIdOf(const std::string& name) {
  const size_t prefix = JobName("").size();
  return name.size() > prefix ? name.substr(prefix) : "";
}

}  // namespace

v1::Resubscription ToProto(const ResubscriptionSpec& spec) {
  v1::Resubscription proto;
  if (const auto* restart = std::get_if<RestartUnit>(&spec.work))
    *proto.mutable_settle() = ToProto(restart->settle);
  *proto.mutable_policy() = ToProto(spec.policy);
  proto.set_only_missing(spec.only_missing);
  proto.set_restart_hmnfd(spec.restarts_hmnfd);
  proto.set_restart_bss(spec.restarts_bss);
  for (const auto& [node, agents] : spec.baseline) {
    v1::Subscriber& subscriber = *proto.add_baseline();
    subscriber.set_node(node);
    subscriber.mutable_agents()->Assign(agents.begin(), agents.end());
  }
  proto.set_floor(spec.floor);
  proto.set_ceiling(spec.ceiling);
  *proto.mutable_second_look() = ToProto(spec.second_look);
  *proto.mutable_appear_within() = ToProto(spec.appear_within);
  proto.set_target_count(static_cast<uint32_t>(spec.nodes.size()));
  return proto;
}

ResubscriptionSpec FromProto(const v1::Resubscription& proto) {
  ResubscriptionSpec spec;
  spec.work = RestartUnit{"", proto.has_settle() ? FromProto(proto.settle()) : kUsualSettle};
  spec.policy = FromProto(proto.policy());
  if (!proto.policy().has_retries()) spec.policy.retries = kUsualRetries;
  spec.only_missing = proto.only_missing();
  spec.restarts_hmnfd = proto.restart_hmnfd();
  spec.restarts_bss = proto.restart_bss();
  for (const v1::Subscriber& subscriber : proto.baseline())
    spec.baseline[subscriber.node()].assign(subscriber.agents().begin(), subscriber.agents().end());
  if (proto.floor() > 0) spec.floor = proto.floor();
  if (proto.ceiling() > 0) spec.ceiling = proto.ceiling();
  if (proto.has_second_look()) spec.second_look = FromProto(proto.second_look());
  if (proto.has_appear_within()) spec.appear_within = FromProto(proto.appear_within());
  return spec;
}

v1::ContentUnmount UnmountToProto(const ContentSpec& spec) {
  v1::ContentUnmount proto;
  proto.set_content(spec.content);
  *proto.mutable_policy() = ToProto(spec.policy);
  proto.set_lazy(spec.is_lazy);
  proto.set_force(spec.is_forced);
  proto.set_cps_servers(spec.min_servers);
  if (!spec.servers_job.empty()) proto.set_servers_job(JobName(spec.servers_job));
  proto.set_bos_template(spec.bos_template);
  proto.set_target_count(static_cast<uint32_t>(spec.nodes.size()));
  return proto;
}

v1::ContentRemount RemountToProto(const ContentSpec& spec) {
  v1::ContentRemount proto;
  proto.set_content(spec.content);
  *proto.mutable_policy() = ToProto(spec.policy);
  proto.set_cps_servers(spec.min_servers);
  proto.set_bos_template(spec.bos_template);
  proto.set_rooted(FoldNodeSet(spec.rooted));
  proto.set_target_count(static_cast<uint32_t>(spec.nodes.size()));
  return proto;
}

ContentSpec FromProto(const v1::ContentUnmount& proto) {
  ContentSpec spec;
  spec.content = proto.content();
  spec.policy = FromProto(proto.policy());
  spec.is_lazy = proto.lazy();
  spec.is_forced = proto.force();
  spec.min_servers = proto.cps_servers();
  spec.servers_job = JobIdOf(proto.servers_job());
  spec.bos_template = proto.bos_template();
  return spec;
}

ContentSpec FromProto(const v1::ContentRemount& proto) {
  ContentSpec spec;
  spec.content = proto.content();
  spec.is_unmount = false;
  spec.policy = FromProto(proto.policy());
  spec.min_servers = proto.cps_servers();
  spec.bos_template = proto.bos_template();
  if (const auto rooted = ExpandNodeSet(proto.rooted()); rooted.ok()) spec.rooted = *rooted;
  return spec;
}

v1::Operation ToProto(const OperationStatus& status) {
  v1::Operation proto;
  proto.set_state(static_cast<v1::OperationState>(status.state));
  proto.set_detail(status.detail);
  if (status.ended) *proto.mutable_end_time() = ToProto(*status.ended);
  for (const OperationStep& step : status.steps) {
    v1::Operation::Step& to = *proto.add_steps();
    to.set_title(step.title);
    to.set_state(static_cast<v1::OperationState>(step.state));
    if (!step.job.empty()) to.set_job(JobName(step.job));
    to.set_detail(step.detail);
    to.set_nodes(step.nodes);
  }
  for (const OperationNote& note : status.notes) {
    v1::Operation::Note& to = *proto.add_notes();
    *to.mutable_time() = ToProto(note.time);
    to.set_text(note.text);
  }
  return proto;
}

OperationStatus FromProto(const v1::Operation& proto) {
  OperationStatus status;
  status.state = static_cast<OperationState>(proto.state());
  status.detail = proto.detail();
  if (proto.has_end_time()) status.ended = FromProto(proto.end_time());
  for (const v1::Operation::Step& step : proto.steps()) {
    status.steps.push_back({step.title(), static_cast<OperationState>(step.state()),
                            JobIdOf(step.job()), step.detail(), step.nodes()});
  }
  for (const v1::Operation::Note& note : proto.notes())
    status.notes.push_back({FromProto(note.time()), note.text()});
  return status;
}

v1::Operation ToProto(const OperationRecord& record) {
  v1::Operation proto = ToProto(record.status);
  proto.set_name(OperationName(record.spec->id));
  proto.set_created_by(record.spec->created_by);
  *proto.mutable_create_time() = ToProto(record.spec->created);
  const OperationSpec& spec = *record.spec;
  if (!spec.content) {
    *proto.mutable_resubscription() = ToProto(spec.resubscription);
  } else if (spec.content->is_unmount) {
    *proto.mutable_content_unmount() = UnmountToProto(*spec.content);
  } else {
    *proto.mutable_content_remount() = RemountToProto(*spec.content);
  }
  return proto;
}

}  // namespace muster
