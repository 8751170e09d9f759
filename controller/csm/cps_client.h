// CPS, the service that projects content, over its REST API v2. Calls block. Any thread.
#pragma once

#include <string>
#include <vector>

#include "controller/csm/service_client.h"

namespace muster {

class CpsClient {
 public:
  // `service` is at …/v2/cps, is lent and outlives it. Each call tries again for so long.
  explicit CpsClient(ServiceClient& service, Duration retry_for = kRetryFor);

  // The workers that serve content, by the names that CPS has for them, such as "ncn-w001": those with a pod whose containers are all ready.
  // An error, too, if CPS cannot tell what content it has, as when it has lost its etcd's pods.
  absl::StatusOr<std::vector<std::string>> Servers();

 private:
  ServiceClient& service_;
  const Duration retry_for_;
};

// Those of the body of GET /deployment.
absl::StatusOr<std::vector<std::string>> ParseCpsServers(const std::string& body);

}  // namespace muster
