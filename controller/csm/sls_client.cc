#include "controller/csm/sls_client.h"

namespace muster {

absl::StatusOr<SlsNodes> SlsClient::Nodes(Duration retry_for) {
  const absl::StatusOr<std::string> body =
      service_.Get("/search/hardware?type=comptype_node", retry_for);
  MUSTER_RETURN_IF_ERROR(body.status());
  return ParseSlsNodes(*body);
}

}  // namespace muster
