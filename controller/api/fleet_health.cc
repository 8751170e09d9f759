#include "controller/api/fleet_health.h"

#include <utility>

#include "controller/fleet/summary.h"
#include "controller/nodeset/node_set.h"
#include "controller/store/policy_proto.h"

namespace muster {
namespace {

IfSubscribed IsIn(const SubscriberList::List& list, const NodeInfo& node) {
  if (list == nullptr) return std::nullopt;
  return list->contains(node.xname);
}

v1::HealthCounts ToProto(const HealthCounts& counts) {
  v1::HealthCounts proto;
  proto.set_well(static_cast<uint32_t>(counts.well));
  proto.set_degraded(static_cast<uint32_t>(counts.degraded));
  proto.set_unknown(static_cast<uint32_t>(counts.unknown));
  return proto;
}

void AddTallies(const HealthSummary& summary, v1::Health* health) {
  for (int i = 1; i < kConditionKinds; ++i) {
    const auto kind = static_cast<ConditionKind>(i);
    v1::ConditionCounts counts;
    counts.set_kind(static_cast<v1::ConditionKind>(i));
    counts.set_true_count(static_cast<uint32_t>(summary.count(kind, Truth::kTrue)));
    counts.set_false_count(static_cast<uint32_t>(summary.count(kind, Truth::kFalse)));
    counts.set_unknown_count(static_cast<uint32_t>(summary.count(kind, Truth::kUnknown)));
    if (counts.true_count() + counts.false_count() + counts.unknown_count() > 0)
      *health->add_conditions() = std::move(counts);
  }
}

v1::HealthGroup ToProto(const HealthGroup& group) {
  v1::HealthGroup proto;
  proto.set_kind(static_cast<v1::ConditionKind>(group.kind));
  proto.set_state(static_cast<v1::ConditionState>(group.truth));
  proto.set_reason(group.reason);
  proto.set_count(static_cast<uint32_t>(group.nodes.size()));
  proto.set_nodes(FoldNodeSet(group.nodes));
  proto.set_example_node(group.nodes.front());
  proto.set_message(group.example);
  return proto;
}

}  // namespace

v1::HealthEvent ToProto(const HealthEvent& event) {
  v1::HealthEvent proto;
  *proto.mutable_time() = ToProto(event.first);
  *proto.mutable_last_time() = ToProto(event.last);
  proto.set_kind(static_cast<v1::ConditionKind>(event.kind));
  proto.set_state(static_cast<v1::ConditionState>(event.truth));
  proto.set_reason(event.reason);
  proto.set_count(static_cast<uint32_t>(event.count));
  proto.set_nodes(event.nodes);
  proto.set_example_node(event.example);
  proto.set_message(event.message);
  return proto;
}

void FleetHealth::Get(std::vector<std::string> xnames, v1::HealthBy by,
                      std::function<void(v1::Health)> done) {
  subscribers_.Refresh(kFreshList, [this, by, xnames = std::move(xnames), done = std::move(done)] {
    done(Summarize(xnames, by));
  });
}

v1::Health FleetHealth::Summarize(const std::vector<std::string>& xnames, v1::HealthBy by) const {
  const Time now = clock_.Now();
  const SubscriberList::Known known = subscribers_.Get();
  HealthSummary summary(static_cast<HealthBy>(by));
  for (const NodeInfo& node : registry_.List(xnames))
    summary.Add(node, ConditionsOf(node, IsIn(known.list, node), now));
  v1::Health health;
  health.set_verdict(static_cast<v1::HealthVerdict>(summary.verdict()));
  *health.mutable_counts() = ToProto(summary.counts());
  AddTallies(summary, &health);
  for (const HealthGroup& group : summary.Groups()) *health.add_groups() = ToProto(group);
  for (const auto& [name, counts] : summary.parts()) {
    v1::HealthPart& part = *health.add_parts();
    part.set_name(name);
    *part.mutable_counts() = ToProto(counts);
  }
  *health.mutable_time() = ToProto(now);
  if (known.list != nullptr) *health.mutable_subscriptions_time() = ToProto(known.asked);
  health.set_subscriptions_problem(known.problem);
  return health;
}

void FleetHealth::AddConditions(const NodeInfo& node, v1::Node* proto) const {
  const SubscriberList::Known known = subscribers_.Get();
  for (const Condition& condition : ConditionsOf(node, IsIn(known.list, node), clock_.Now())) {
    v1::Condition& to = *proto->add_conditions();
    to.set_kind(static_cast<v1::ConditionKind>(condition.kind));
    to.set_state(static_cast<v1::ConditionState>(condition.truth));
    to.set_reason(condition.reason);
    to.set_message(condition.message);
    if (condition.since) *to.mutable_since() = ToProto(*condition.since);
  }
}

}  // namespace muster
