// HSM, the service that knows each node's state, role, groups and locks, over its REST API v2. Any thread.
//
// Aliases are SLS's. When SLS does not answer, those that it gave before stay; a node of which it never told has nid%06d if it is a compute node
// with a NID, as SLS names those itself.
#pragma once

#include <vector>

#include "common/mutex.h"
#include "controller/csm/node_source.h"
#include "controller/csm/service_client.h"
#include "controller/csm/sls_client.h"

namespace muster {

// Nodes are read again and again, so that one failure does not matter much; HSM keeps them in PostgreSQL, not in etcd.
inline constexpr Duration kHsmRetryFor = 10s;

class HsmClient final : public NodeSource {
 public:
  // `service` is at …/hsm/v2; `sls` may be null. Both are lent and outlive it.
  HsmClient(ServiceClient& service, SlsClient* sls, Duration retry_for = kHsmRetryFor);

  absl::StatusOr<std::vector<InventoryNode>> Nodes() override;
  absl::StatusOr<std::vector<ScnSubscription>> ScnSubscriptions() override;

 private:
  absl::StatusOr<Memberships> ReadMemberships();
  SlsNodes ReadSls();

  ServiceClient& service_;
  SlsClient* const sls_;
  const Duration retry_for_;

  Mutex mutex_;
  SlsNodes last_sls_ MUSTER_GUARDED_BY(mutex_);
  absl::StatusCode last_sls_code_ MUSTER_GUARDED_BY(mutex_) = absl::StatusCode::kOk;
};

// One inventory of what the three said; by xname, each once.
std::vector<InventoryNode> Join(std::vector<InventoryNode> components,
                                const Memberships& memberships, const SlsNodes& sls);

}  // namespace muster
