#include "controller/api/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "controller/api/convert.h"
#include "controller/api/outlook.h"
#include "controller/engine/plan.h"
#include "controller/nodeset/node_set.h"

namespace muster {
namespace {

// How the nodes of a plan are now.
struct NodesNow {
  std::vector<bool> is_attached;      // of each: it can be sent to
  std::vector<std::string> no_agent;  // no agent ever attached, though HSM calls the node Ready
};

NodesNow LookAt(const std::vector<std::string>& nodes, const NodeRegistry& registry) {
  NodesNow now{std::vector<bool>(nodes.size()), {}};
  size_t at = 0;
  for (const NodeInfo& node : registry.List(nodes)) {
    while (nodes[at] != node.xname) ++at;
    now.is_attached[at] = node.presence == Presence::kAttached;
    if (node.presence == Presence::kNeverSeen && node.state == "Ready")
      now.no_agent.push_back(node.xname);
  }
  return now;
}

std::string Sentence(const char* what, const std::vector<std::string>& nodes) {
  return fmt::format("{}: {} ({})", what, FoldNodeSet(nodes), nodes.size());
}

}  // namespace

v1::Job Preview(const Work& work, const Policy& policy, const std::string& operator_name,
                const Resolved& targets, const NodeRegistry& registry, JobReader& reader) {
  JobSummary job;
  job.spec.work = work;
  job.spec.policy = policy;
  job.spec.created_by = operator_name;
  job.counts[static_cast<size_t>(TaskState::kPending)] =
      static_cast<uint32_t>(targets.xnames.size());
  v1::Job proto = ToProto(job);
  proto.clear_name();
  proto.clear_state();
  proto.clear_create_time();
  const NodesNow now = LookAt(targets.xnames, registry);
  v1::Plan& plan = *proto.mutable_plan();
  plan = ToProto(PlanRollout(policy, work, targets.xnames, now.is_attached));
  plan.mutable_nodes()->Assign(targets.xnames.begin(), targets.xnames.end());
  plan.mutable_no_agent()->Assign(now.no_agent.begin(), now.no_agent.end());
  plan.mutable_disabled()->Assign(targets.disabled.begin(), targets.disabled.end());
  const std::vector<std::string> outlook =
      OutlookOf(work, policy, targets.xnames, registry, reader);
  proto.mutable_remarks()->Assign(outlook.begin(), outlook.end());
  return proto;
}

std::vector<std::string> RemarksOn(const Resolved& targets, const NodeRegistry& registry) {
  std::vector<std::string> remarks;
  const NodesNow now = LookAt(targets.xnames, registry);
  if (!now.no_agent.empty())
    remarks.push_back(
        Sentence("HSM calls these Ready, and no agent of theirs ever attached", now.no_agent));
  if (!targets.disabled.empty())
    remarks.push_back(Sentence("left out, since HSM has them disabled", targets.disabled));
  return remarks;
}

std::vector<std::string> UansBeside(const Resolved& targets, const NodeRegistry& registry) {
  const absl::StatusOr<Resolved> uans = registry.Resolve({.roles = {"uan"}, .states = {"ready"}});
  std::vector<std::string> beside;
  if (!uans.ok()) return beside;  // there are none
  std::copy_if(uans->xnames.begin(), uans->xnames.end(), std::back_inserter(beside),
               [&](const std::string& uan) {
                 return !std::binary_search(targets.xnames.begin(), targets.xnames.end(), uan,
                                            NaturalLess);
               });
  return beside;
}

std::string RemarkOnUans(const std::vector<std::string>& uans) {
  return Sentence("UANs subscribe to HMNFD, too, and these are no targets; --role uan takes them",
                  uans);
}

}  // namespace muster
