#include "controller/csm/hsm_client.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "controller/csm/json.h"
#include "controller/nodeset/node_name.h"

namespace muster {
namespace {

void AddMembership(const Memberships& memberships, InventoryNode* node) {
  const auto found = memberships.find(node->xname);
  if (found == memberships.end()) return;
  node->groups = found->second.groups;
  node->partition = found->second.partition;
}

void AddSls(const SlsNodes& sls, InventoryNode* node) {
  const auto found = sls.find(node->xname);
  if (found == sls.end()) return;
  node->aliases = found->second.aliases;
  if (!node->nid) node->nid = found->second.nid;
}

}  // namespace

HsmClient::HsmClient(ServiceClient& service, SlsClient* sls, Duration retry_for)
    : service_(service), sls_(sls), retry_for_(retry_for) {}

absl::StatusOr<std::vector<InventoryNode>> HsmClient::Nodes() {
  const absl::StatusOr<std::string> body = service_.Get("/State/Components?type=Node", retry_for_);
  MUSTER_RETURN_IF_ERROR(body.status());
  absl::StatusOr<std::vector<InventoryNode>> components = ParseComponents(*body);
  MUSTER_RETURN_IF_ERROR(components.status());
  const absl::StatusOr<Memberships> memberships = ReadMemberships();
  MUSTER_RETURN_IF_ERROR(memberships.status());
  return Join(std::move(*components), *memberships, ReadSls());
}

absl::StatusOr<Memberships> HsmClient::ReadMemberships() {
  const absl::StatusOr<std::string> body = service_.Get("/memberships?type=Node", retry_for_);
  if (absl::IsNotFound(body.status())) return Memberships();  // no groups, then
  MUSTER_RETURN_IF_ERROR(body.status());
  return ParseMemberships(*body);
}

// The log has one line for each kind of error that follows another, and one when SLS is well again.
SlsNodes HsmClient::ReadSls() {
  if (sls_ == nullptr) return {};
  absl::StatusOr<SlsNodes> nodes = sls_->Nodes(retry_for_);
  const MutexLock lock(mutex_);
  const absl::StatusCode code = nodes.status().code();
  const absl::StatusCode before = std::exchange(last_sls_code_, code);
  if (nodes.ok()) {
    last_sls_ = std::move(*nodes);
    if (before != code) log::Info("SLS answers again aliases={}", last_sls_.size());
  } else if (before != code && !absl::IsCancelled(nodes.status())) {
    log::Warning("aliases not read kept={} error=\"{}\"", last_sls_.size(),
                 Message(nodes.status()));
  }
  return last_sls_;
}

absl::StatusOr<std::vector<ScnSubscription>> HsmClient::ScnSubscriptions() {
  const absl::StatusOr<std::string> body = service_.Get("/Subscriptions/SCN", retry_for_);
  MUSTER_RETURN_IF_ERROR(body.status());
  return ParseScnSubscriptions(*body);
}

std::vector<InventoryNode> Join(std::vector<InventoryNode> components,
                                const Memberships& memberships, const SlsNodes& sls) {
  for (InventoryNode& node : components) {
    AddMembership(memberships, &node);
    AddSls(sls, &node);
  }
  std::stable_sort(components.begin(), components.end(),
                   [](const auto& a, const auto& b) { return NaturalLess(a.xname, b.xname); });
  const auto end = std::unique(components.begin(), components.end(),
                               [](const auto& a, const auto& b) { return a.xname == b.xname; });
  components.erase(end, components.end());
  return components;
}

}  // namespace muster
