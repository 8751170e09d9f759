#include "controller/csm/cps_client.h"

#include <optional>
#include <utility>

#include "controller/csm/json.h"

namespace muster {
namespace {

constexpr char kCpsAnswer[] = "CPS's answer";
// Where a node has no pod.
constexpr char kNoPod[] = "NA";

absl::StatusOr<bool> IsReady(const Json& pods, const std::string& where) {
  for (size_t i = 0; i < pods.size(); ++i) {
    MUSTER_RETURN_IF_ERROR(RequireObject(pods[i], Element(where, i)));
    std::string readiness;
    MUSTER_RETURN_IF_ERROR(Fields(pods[i], Element(where, i)).Read("readiness", &readiness));
    if (readiness != "True") return false;
  }
  return !pods.empty();
}

// The worker, if it serves.
absl::StatusOr<std::optional<std::string>> ParseServer(const Json& entry,
                                                       const std::string& where) {
  MUSTER_RETURN_IF_ERROR(RequireObject(entry, where));
  const Fields fields(entry, where);
  std::string node;
  std::string pod;
  const Json* pods = nullptr;
  MUSTER_RETURN_IF_ERROR(fields.Read("node", &node));
  MUSTER_RETURN_IF_ERROR(fields.Read("podname", &pod));
  MUSTER_RETURN_IF_ERROR(fields.Read("cpspods", &pods));
  if (node.empty() || pod.empty() || pod == kNoPod || pods == nullptr)
    return std::optional<std::string>();
  const absl::StatusOr<bool> is_ready = IsReady(*pods, where + ".cpspods");
  MUSTER_RETURN_IF_ERROR(is_ready.status());
  return *is_ready ? std::optional<std::string>(std::move(node)) : std::nullopt;
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
  if (json->is_null()) return servers;
  if (!json->is_array())
    return MakeStatus(absl::StatusCode::kInternal, "{} is of type {}, not an array", kCpsAnswer,
                      json->type_name());
  for (size_t i = 0; i < json->size(); ++i) {
    absl::StatusOr<std::optional<std::string>> server =
        ParseServer((*json)[i], Element(kCpsAnswer, i));
    MUSTER_RETURN_IF_ERROR(server.status());
    if (*server) servers.push_back(**std::move(server));
  }
  return servers;
}

}  // namespace muster
