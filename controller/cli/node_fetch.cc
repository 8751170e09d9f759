#include "controller/cli/node_fetch.h"

#include "controller/cli/paging.h"

namespace muster::cli {

absl::StatusOr<std::vector<v1::Node>> FetchNodes(Connection& connection,
                                                 v1::ListNodesRequest request) {
  request.set_page_size(kPageSize);
  std::vector<v1::Node> nodes;
  for (int page = 0; page < kMaxPages; ++page) {
    v1::ListNodesResponse response;
    MUSTER_RETURN_IF_ERROR(
        connection.Call(&v1::Controller::Stub::ListNodes, "list nodes", request, response));
    nodes.insert(nodes.end(), response.nodes().begin(), response.nodes().end());
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  return nodes;
}

}  // namespace muster::cli
