#include "controller/csm/hmnfd_client.h"

#include <utility>

#include "common/ascii.h"
#include "controller/csm/json.h"
#include "controller/csm/problem.h"

namespace muster {
namespace {

using Kind = HmnfdState::Kind;

// HMNFD's words (1.12 to 1.24) when etcd has lost what it writes at start alone.
constexpr char kHealthKeyLost[] = "Health key not present";
constexpr char kAnswer[] = "HMNFD's answer";

Kind KindOf(const absl::Status& error) {
  const bool is_denied = error.code() == absl::StatusCode::kUnauthenticated ||
                         error.code() == absl::StatusCode::kPermissionDenied;
  return is_denied ? Kind::kDenied : Kind::kUnreachable;
}

// "204", "503 (no healthy upstream)", or why there is no answer.
std::string Shown(const absl::StatusOr<HttpResponse>& response) {
  if (!response.ok()) return Message(response.status());
  const std::string text = response->status / 100 == 2 ? "" : ProblemText(response->body);
  return text.empty() ? std::to_string(response->status)
                      : fmt::format("{} ({})", response->status, text);
}

// Entries of API v1 may have "agent@xname" alone.
void SplitSubscriber(const std::string& subscriber, Subscription* subscription) {
  const size_t at = subscriber.rfind('@');
  if (at == std::string::npos) return;
  if (subscription->node.empty()) subscription->node = subscriber.substr(at + 1);
  if (subscription->agent.empty()) subscription->agent = subscriber.substr(0, at);
}

absl::StatusOr<Subscription> ParseSubscription(const Json& entry, const std::string& where) {
  MUSTER_RETURN_IF_ERROR(RequireObject(entry, where));
  const Fields fields(entry, where);
  Subscription result;
  std::string subscriber;
  MUSTER_RETURN_IF_ERROR(fields.Read("SubscriberComponent", &result.node));
  MUSTER_RETURN_IF_ERROR(fields.Read("SubscriberAgent", &result.agent));
  MUSTER_RETURN_IF_ERROR(fields.Read("Subscriber", &subscriber));
  MUSTER_RETURN_IF_ERROR(fields.Read("Url", &result.url));
  SplitSubscriber(subscriber, &result);
  return Subscription{LowerCase(std::move(result.node)), LowerCase(std::move(result.agent)),
                      LowerCase(std::move(result.url))};
}

}  // namespace

HmnfdClient::HmnfdClient(ServiceClient& service, Duration retry_for)
    : service_(service), retry_for_(retry_for) {}

HmnfdState HmnfdClient::Probe() {
  const absl::StatusOr<HttpResponse> readiness = service_.Ask("/readiness", kProbeTimeout);
  if (!readiness.ok()) return {KindOf(readiness.status()), Message(readiness.status())};
  if (readiness->status / 100 == 2) return {Kind::kReady, "", readiness->took};
  if (readiness->status == 401 || readiness->status == 403) {
    const absl::Status error = ErrorOf(*readiness, "GET", service_.base_url() + "/readiness");
    return {Kind::kDenied, Message(error), readiness->took};
  }
  return Explain(*readiness);
}

HmnfdState HmnfdClient::Explain(const HttpResponse& readiness) {
  const absl::StatusOr<HttpResponse> liveness = service_.Ask("/liveness", kProbeTimeout);
  const absl::StatusOr<HttpResponse> health = service_.Ask("/health", kProbeTimeout);
  const bool lives = liveness.ok() && liveness->status / 100 == 2;
  const std::string kv_store =
      health.ok() && health->status == 200 ? KvStoreHealth(health->body) : "";
  if (lives && kv_store == kHealthKeyLost) {
    return {Kind::kNoHealthKey,
            fmt::format("HMNFD at {} lost its health key with the data of its etcd, and is not "
                        "ready until it is restarted",
                        service_.base_url()),
            readiness.took};
  }
  return {Kind::kNotReady,
          fmt::format("HMNFD at {} is not ready: readiness {}, liveness {}, health {}",
                      service_.base_url(), Shown(readiness), Shown(liveness),
                      kv_store.empty() ? Shown(health) : "\"" + kv_store + "\""),
          readiness.took};
}

absl::StatusOr<std::vector<Subscription>> HmnfdClient::List() {
  const absl::StatusOr<std::string> body = service_.Get("/subscriptions", retry_for_);
  MUSTER_RETURN_IF_ERROR(body.status());
  return ParseSubscriptions(*body);
}

absl::StatusOr<std::vector<Subscription>> ParseSubscriptions(const std::string& body) {
  const absl::StatusOr<Json> json = ParseJson(body, kAnswer);
  MUSTER_RETURN_IF_ERROR(json.status());
  MUSTER_RETURN_IF_ERROR(RequireObject(*json, kAnswer));
  // Not there at all is not HMNFD: that writes null.
  if (!json->contains("SubscriptionList"))
    return MakeStatus(absl::StatusCode::kInternal, "{} has no SubscriptionList", kAnswer);
  const Json* list = nullptr;
  MUSTER_RETURN_IF_ERROR(Fields(*json, kAnswer).Read("SubscriptionList", &list));
  std::vector<Subscription> result;
  if (list == nullptr) return result;
  result.reserve(list->size());
  for (size_t i = 0; i < list->size(); ++i) {
    absl::StatusOr<Subscription> entry =
        ParseSubscription((*list)[i], Element("HMNFD's answer, SubscriptionList", i));
    MUSTER_RETURN_IF_ERROR(entry.status());
    if (!entry->node.empty()) result.push_back(std::move(*entry));
  }
  return result;
}

std::string KvStoreHealth(const std::string& body) {
  std::string kv_store;
  const absl::StatusOr<Json> json = ParseJson(body, kAnswer);
  if (!json.ok() || !json->is_object()) return kv_store;
  if (!Fields(*json, kAnswer).Read("KvStore", &kv_store).ok()) return "";
  return PrintableLine(kv_store);
}

}  // namespace muster
