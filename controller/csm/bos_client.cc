#include "controller/csm/bos_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "common/ascii.h"
#include "controller/csm/json.h"
#include "controller/csm/problem.h"

namespace muster {
namespace {

constexpr char kBosAnswer[] = "BOS's answer";

absl::Status ReadComponent(const Fields& fields, const std::string& where,
                           BosComponent* component) {
  MUSTER_RETURN_IF_ERROR(fields.Read("id", &component->xname));
  MUSTER_RETURN_IF_ERROR(fields.Read("session", &component->session));
  MUSTER_RETURN_IF_ERROR(fields.Read("error", &component->error));
  MUSTER_RETURN_IF_ERROR(fields.Read("enabled", &component->is_enabled));
  component->xname = LowerCase(std::move(component->xname));
  component->error = PrintableLine(component->error);
  const Json* status = fields.Find("status");
  if (status == nullptr) return absl::OkStatus();
  MUSTER_RETURN_IF_ERROR(RequireObject(*status, where + ".status"));
  const Fields inner(*status, where + ".status");
  MUSTER_RETURN_IF_ERROR(inner.Read("phase", &component->phase));
  return inner.Read("status", &component->status);
}

}  // namespace

BosClient::BosClient(ServiceClient& service, Duration retry_for)
    : service_(service), retry_for_(retry_for) {}

absl::Status BosClient::MakeSession(const BosSessionRequest& request) {
  const std::string limit = fmt::format("{}", fmt::join(request.nodes, ","));
  if (limit.size() > kMaxBosLimitBytes) {
    return MakeStatus(
        absl::StatusCode::kInvalidArgument,
        "{} nodes are more than a session of BOS takes: their names have {} characters, "
        "and {} may be",
        request.nodes.size(), limit.size(), kMaxBosLimitBytes);
  }
  const Json body = {{"name", request.name},
                     {"operation", request.operation},
                     {"template_name", request.template_name},
                     {"limit", limit}};
  const absl::Status status = service_.Send("POST", "/sessions", body.dump(), retry_for_).status();
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::StatusOr<BosSessionState> BosClient::Session(const std::string& name) {
  const absl::StatusOr<std::string> body = service_.Get("/sessions/" + name, retry_for_);
  MUSTER_RETURN_IF_ERROR(body.status());
  return ParseBosSession(*body);
}

absl::StatusOr<std::vector<BosComponent>> BosClient::ComponentsOf(const std::string& session) {
  return Read("/components?session=" + session);
}

absl::StatusOr<std::vector<BosComponent>> BosClient::Components(
    const std::vector<std::string>& xnames) {
  std::vector<BosComponent> all;
  for (size_t at = 0; at < xnames.size(); at += kBosComponentsAtOnce) {
    const auto begin = xnames.begin() + static_cast<ptrdiff_t>(at);
    const auto end =
        begin + static_cast<ptrdiff_t>(std::min(kBosComponentsAtOnce, xnames.size() - at));
    absl::StatusOr<std::vector<BosComponent>> some =
        Read(fmt::format("/components?ids={}", fmt::join(begin, end, ",")));
    MUSTER_RETURN_IF_ERROR(some.status());
    std::move(some->begin(), some->end(), std::back_inserter(all));
  }
  return all;
}

absl::StatusOr<std::vector<BosComponent>> BosClient::Read(const std::string& path_and_query) {
  const absl::StatusOr<std::string> body = service_.Get(path_and_query, retry_for_);
  MUSTER_RETURN_IF_ERROR(body.status());
  return ParseBosComponents(*body);
}

absl::StatusOr<BosSessionState> ParseBosSession(const std::string& body) {
  const absl::StatusOr<Json> json = ParseJson(body, kBosAnswer);
  MUSTER_RETURN_IF_ERROR(json.status());
  MUSTER_RETURN_IF_ERROR(RequireObject(*json, kBosAnswer));
  const Json* status = Fields(*json, kBosAnswer).Find("status");
  if (status == nullptr)
    return MakeStatus(absl::StatusCode::kInternal, "{} has no status", kBosAnswer);
  const std::string where = std::string(kBosAnswer) + ".status";
  MUSTER_RETURN_IF_ERROR(RequireObject(*status, where));
  BosSessionState state;
  MUSTER_RETURN_IF_ERROR(Fields(*status, where).Read("status", &state.status));
  MUSTER_RETURN_IF_ERROR(Fields(*status, where).Read("error", &state.error));
  state.error = PrintableLine(state.error);
  return state;
}

absl::StatusOr<std::vector<BosComponent>> ParseBosComponents(const std::string& body) {
  const absl::StatusOr<Json> json = ParseJson(body, kBosAnswer);
  MUSTER_RETURN_IF_ERROR(json.status());
  std::vector<BosComponent> components;
  MUSTER_RETURN_IF_ERROR(
      ReadEntries(*json, kBosAnswer, [&](const Fields& fields, const std::string& where) {
        return ReadComponent(fields, where, &components.emplace_back());
      }));
  return components;
}

}  // namespace muster
