#include "controller/csm/hsm_json.h"

#include <utility>

#include "common/ascii.h"
#include "controller/csm/json.h"
#include "controller/csm/problem.h"
#include "controller/nodeset/node_name.h"

namespace muster {
namespace {

constexpr char kHsm[] = "HSM's answer";
constexpr char kSls[] = "SLS's answer";

// Reads the entries of a body that is an object with one array. One without it is not theirs.
absl::Status ReadList(const std::string& body, const std::string& answer, const char* key,
                      const ReadEntry& read) {
  const absl::StatusOr<Json> json = ParseJson(body, answer);
  MUSTER_RETURN_IF_ERROR(json.status());
  MUSTER_RETURN_IF_ERROR(RequireObject(*json, answer));
  if (!json->contains(key))
    return MakeStatus(absl::StatusCode::kInternal, "{} has no {}", answer, key);
  return ReadEntries((*json)[key], fmt::format("{}, {}", answer, key), read);
}

absl::Status ReadXname(const Fields& fields, const std::string& where, const char* key,
                       std::string* xname) {
  MUSTER_RETURN_IF_ERROR(fields.Read(key, xname));
  *xname = LowerCase(std::move(*xname));
  if (IsNodeName(*xname)) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kInternal, "{}.{} '{}' is no node's name", where, key,
                    PrintableLine(*xname));
}

absl::StatusOr<InventoryNode> ReadComponent(const Fields& fields, const std::string& where) {
  InventoryNode node;
  MUSTER_RETURN_IF_ERROR(ReadXname(fields, where, "ID", &node.xname));
  MUSTER_RETURN_IF_ERROR(fields.Read("Role", &node.role));
  MUSTER_RETURN_IF_ERROR(fields.Read("SubRole", &node.sub_role));
  MUSTER_RETURN_IF_ERROR(fields.Read("NID", &node.nid));
  MUSTER_RETURN_IF_ERROR(fields.Read("State", &node.state));
  MUSTER_RETURN_IF_ERROR(fields.Read("Enabled", &node.is_enabled));
  MUSTER_RETURN_IF_ERROR(fields.Read("Locked", &node.is_locked));
  if (node.nid == 0u) node.nid.reset();  // HSM's "none"
  return node;
}

absl::StatusOr<SlsNode> ReadSlsNode(const Json& properties, const std::string& where) {
  MUSTER_RETURN_IF_ERROR(RequireObject(properties, where));
  const Fields fields(properties, where);
  SlsNode node;
  MUSTER_RETURN_IF_ERROR(fields.Read("Aliases", &node.aliases));
  MUSTER_RETURN_IF_ERROR(fields.Read("NID", &node.nid));
  if (node.nid == 0u) node.nid.reset();
  for (std::string& alias : node.aliases) alias = LowerCase(std::move(alias));
  std::erase_if(node.aliases, [](const std::string& alias) { return !IsNodeName(alias); });
  return node;
}

}  // namespace

absl::StatusOr<std::vector<InventoryNode>> ParseComponents(const std::string& body) {
  std::vector<InventoryNode> nodes;
  const auto read = [&](const Fields& fields, const std::string& where) -> absl::Status {
    absl::StatusOr<InventoryNode> node = ReadComponent(fields, where);
    MUSTER_RETURN_IF_ERROR(node.status());
    nodes.push_back(std::move(*node));
    return absl::OkStatus();
  };
  MUSTER_RETURN_IF_ERROR(ReadList(body, kHsm, "Components", read));
  return nodes;
}

absl::StatusOr<Memberships> ParseMemberships(const std::string& body) {
  const absl::StatusOr<Json> json = ParseJson(body, kHsm);
  MUSTER_RETURN_IF_ERROR(json.status());
  Memberships result;
  const auto read = [&](const Fields& fields, const std::string& where) -> absl::Status {
    std::string xname;
    MUSTER_RETURN_IF_ERROR(ReadXname(fields, where, "id", &xname));
    Membership& membership = result[xname];
    MUSTER_RETURN_IF_ERROR(fields.Read("groupLabels", &membership.groups));
    return fields.Read("partitionName", &membership.partition);
  };
  MUSTER_RETURN_IF_ERROR(ReadEntries(*json, kHsm, read));
  return result;
}

bool IsOfHmnfd(const ScnSubscription& subscription) {
  return subscription.url.ends_with("/hmi/v1/scn") || subscription.url.ends_with("/hmi/v2/scn");
}

absl::StatusOr<std::vector<ScnSubscription>> ParseScnSubscriptions(const std::string& body) {
  std::vector<ScnSubscription> result;
  const auto read = [&](const Fields& fields, const std::string&) -> absl::Status {
    ScnSubscription& subscription = result.emplace_back();
    MUSTER_RETURN_IF_ERROR(fields.Read("Subscriber", &subscription.subscriber));
    MUSTER_RETURN_IF_ERROR(fields.Read("Url", &subscription.url));
    subscription.url = LowerCase(std::move(subscription.url));
    return absl::OkStatus();
  };
  MUSTER_RETURN_IF_ERROR(ReadList(body, kHsm, "SubscriptionList", read));
  return result;
}

absl::StatusOr<SlsNodes> ParseSlsNodes(const std::string& body) {
  const absl::StatusOr<Json> json = ParseJson(body, kSls);
  MUSTER_RETURN_IF_ERROR(json.status());
  SlsNodes result;
  const auto read = [&](const Fields& fields, const std::string& where) -> absl::Status {
    std::string xname;
    MUSTER_RETURN_IF_ERROR(ReadXname(fields, where, "Xname", &xname));
    const Json* properties = fields.Find("ExtraProperties");
    if (properties == nullptr) return absl::OkStatus();
    absl::StatusOr<SlsNode> node = ReadSlsNode(*properties, where + ".ExtraProperties");
    MUSTER_RETURN_IF_ERROR(node.status());
    result[xname] = std::move(*node);
    return absl::OkStatus();
  };
  MUSTER_RETURN_IF_ERROR(ReadEntries(*json, kSls, read));
  return result;
}

}  // namespace muster
