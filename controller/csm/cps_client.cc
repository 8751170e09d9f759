#include "controller/csm/cps_client.h"

#include <utility>

#include "controller/csm/json.h"

namespace muster {
namespace {

constexpr char kCpsAnswer[] = "CPS's answer";
// Where a node has no pod.
constexpr char kNoPod[] = "NA";

// The worker, if it serves: it has a pod, and all of the pod's containers are ready.
absl::Status ReadServer(const Fields& fields, const std::string& where,
                        std::vector<std::string>* servers) {
  std::string node;
  std::string pod;
  const Json* containers = nullptr;
  MUSTER_RETURN_IF_ERROR(fields.Read("node", &node));
  MUSTER_RETURN_IF_ERROR(fields.Read("podname", &pod));
  MUSTER_RETURN_IF_ERROR(fields.Read("cpspods", &containers));
  if (node.empty() || pod.empty() || pod == kNoPod || containers == nullptr)
    return absl::OkStatus();
  bool is_ready = !containers->empty();
  MUSTER_RETURN_IF_ERROR(ReadEntries(
      *containers, where + ".cpspods", [&](const Fields& container, const std::string&) {
        std::string readiness;
        const absl::Status status = container.Read("readiness", &readiness);
        is_ready = is_ready && readiness == "True";
        return status;
      }));
  if (is_ready) servers->push_back(std::move(node));
  return absl::OkStatus();
}

}  // namespace

CpsClient::CpsClient(ServiceClient& service, Duration retry_for)
    : service_(service), retry_for_(retry_for) {}

absl::StatusOr<std::vector<std::string>> CpsClient::Servers() {
  MUSTER_RETURN_IF_ERROR(service_.Get("/contents", retry_for_).status());
  const absl::StatusOr<std::string> body = service_.Get("/deployment", retry_for_);
  MUSTER_RETURN_IF_ERROR(body.status());
  return ParseCpsServers(*body);
}

absl::StatusOr<std::vector<std::string>> ParseCpsServers(const std::string& body) {
  const absl::StatusOr<Json> json = ParseJson(body, kCpsAnswer);
  MUSTER_RETURN_IF_ERROR(json.status());
  std::vector<std::string> servers;
  MUSTER_RETURN_IF_ERROR(
      ReadEntries(*json, kCpsAnswer, [&](const Fields& fields, const std::string& where) {
        return ReadServer(fields, where, &servers);
      }));
  return servers;
}

}  // namespace muster
