// HMNFD, the service that tells nodes of each other's state changes, over its REST API v2. Any thread.
#pragma once

#include <string>
#include <vector>

#include "controller/csm/service_client.h"
#include "controller/csm/subscriptions.h"

namespace muster {

// Of each of the up to three questions of a probe. Readiness reads one key of etcd, in milliseconds.
inline constexpr Duration kProbeTimeout = 2s;

class HmnfdClient final : public Subscriptions {
 public:
  // `service` is at …/hmi/v2, is lent and outlives it. List tries again for so long.
  explicit HmnfdClient(ServiceClient& service, Duration retry_for = kRetryFor);

  HmnfdState Probe() override;
  // One GET: HMNFD reads all of its etcd for it, as it would for a single node.
  absl::StatusOr<std::vector<Subscription>> List() override;

 private:
  HmnfdState Explain(const HttpResponse& readiness);

  ServiceClient& service_;
  const Duration retry_for_;
};

// The body of GET /subscriptions. Entries without a node are left out; a list that is null is empty. INTERNAL if it is none.
absl::StatusOr<std::vector<Subscription>> ParseSubscriptions(const std::string& body);

// What the body of GET /health says of etcd, such as "Health key not present"; "" if it does not.
std::string KvStoreHealth(const std::string& body);

}  // namespace muster
