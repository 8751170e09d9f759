// SLS, the service that knows what a system was built of: the names of its nodes. Any thread.
#pragma once

#include "controller/csm/hsm_json.h"
#include "controller/csm/service_client.h"

namespace muster {

class SlsClient {
 public:
  // `service` is at …/v1, is lent and outlives it.
  explicit SlsClient(ServiceClient& service) : service_(service) {}

  // Blocks. Errors are ServiceClient's, and INTERNAL for an answer that is not SLS's.
  absl::StatusOr<SlsNodes> Nodes(Duration retry_for);

 private:
  ServiceClient& service_;
};

}  // namespace muster
