#include "controller/inventory/node_registry.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/log.h"

namespace muster {
namespace {

using std::string_literals::operator""s;

// Longer lists of unknown names are cut: an error travels in a trailer, where gRPC takes 8 KiB.
constexpr size_t kMaxShownBytes = 1000;
constexpr size_t kShownNames = 10;

// A name on the node management network.
constexpr char kNetworkSuffix[] = "-nmn";

std::string LowerCase(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

// "nid000001-nmn" for "nid000001", and the reverse.
std::string TwinOf(const std::string& alias) {
  if (!alias.ends_with(kNetworkSuffix)) return alias + kNetworkSuffix;
  return alias.substr(0, alias.size() - (sizeof(kNetworkSuffix) - 1));
}

void Claim(std::unordered_map<std::string, std::vector<std::string>>& claims,
           const std::string& alias, const std::string& xname) {
  std::vector<std::string>& claimants = claims[alias];
  if (std::find(claimants.begin(), claimants.end(), xname) == claimants.end())
    claimants.push_back(xname);
}

void Unclaim(std::unordered_map<std::string, std::vector<std::string>>& claims,
             const std::string& alias, const std::string& xname) {
  const auto found = claims.find(alias);
  if (found == claims.end()) return;
  std::erase(found->second, xname);
  if (found->second.empty()) claims.erase(found);
}

void SortOnce(std::vector<std::string>& names) {
  if (!std::is_sorted(names.begin(), names.end(), NaturalLess))
    std::sort(names.begin(), names.end(), NaturalLess);
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

absl::Status Unknown(const std::vector<std::string>& names) {
  std::string shown = FoldNodeSet(names);
  if (shown.size() > kMaxShownBytes) {
    shown.clear();
    for (size_t i = 0; i < std::min(names.size(), kShownNames); ++i) shown += names[i] + ",";
    shown += "…";
  }
  return MakeStatus(absl::StatusCode::kNotFound,
                    "not known: {} ({} {}): list the nodes there are with 'muster node list'",
                    shown, names.size(), names.size() == 1 ? "name" : "names");
}

// Takes the names of `sets` together, in lower case, each once.
absl::StatusOr<std::vector<std::string>> Expand(const std::vector<std::string>& sets) {
  std::vector<std::string> names;
  for (const std::string& set : sets) {
    absl::StatusOr<std::vector<std::string>> more = ExpandNodeSet(set);
    if (!more.ok()) return more.status();
    if (names.size() + more->size() > kMaxNodeSetSize)
      return MakeStatus(absl::StatusCode::kInvalidArgument,
                        "the node sets together stand for more than {} names", kMaxNodeSetSize);
    for (std::string& name : *more) names.push_back(LowerCase(std::move(name)));
  }
  SortOnce(names);
  return names;
}

}  // namespace

NodeRegistry::NodeRegistry(const std::vector<InventoryNode>& inventory) {
  const MutexLock lock(mutex_);
  for (const InventoryNode& entry : inventory) {
    const std::string xname = LowerCase(entry.xname);
    NodeInfo& node = nodes_[xname];
    node.xname = xname;
    node.role = entry.role;
    node.in_inventory = true;
    node.aliases_from_inventory = !entry.aliases.empty();
    for (const std::string& alias : entry.aliases) {
      node.aliases.push_back(LowerCase(alias));
      Claim(inventory_claims_, node.aliases.back(), xname);
    }
  }
}

void NodeRegistry::AddSeen(const std::string& node, const std::vector<std::string>& aliases) {
  const MutexLock lock(mutex_);
  NodeInfo* info = FindOrAdd(LowerCase(node));
  if (info == nullptr) return;
  LearnAliases(*info, aliases);
  SetPresence(*info, Presence::kAway, std::nullopt);
}

void NodeRegistry::OnAttached(const Hello& hello, const std::string& address, Time now) {
  const MutexLock lock(mutex_);
  NodeInfo* info = FindOrAdd(LowerCase(hello.node));
  if (info == nullptr) return;
  LearnAliases(*info, hello.aliases);
  SetPresence(*info, Presence::kAttached, now);
  info->address = address;
  info->hello = hello;
  info->status_time = now;
}

void NodeRegistry::OnAway(const std::string& node, Time now) {
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(LowerCase(node));
  if (found != nodes_.end()) SetPresence(found->second, Presence::kAway, now);
}

void NodeRegistry::OnConflict(const std::string& node, bool begins) {
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(LowerCase(node));
  if (found != nodes_.end()) found->second.in_conflict = begins;
}

absl::StatusOr<std::vector<std::string>> NodeRegistry::Resolve(const TargetSpec& targets) const {
  if (!targets.all && targets.node_sets.empty() && targets.roles.empty())
    return MakeStatus(absl::StatusCode::kInvalidArgument,
                      "no targets: name nodes by a node set, by a role, or all of them");
  absl::StatusOr<std::vector<std::string>> xnames = ResolveSets(targets.node_sets);
  if (!xnames.ok()) return xnames.status();
  for (const std::string& role : targets.roles) MUSTER_RETURN_IF_ERROR(AddRole(role, *xnames));
  if (targets.all) *xnames = All();
  SortOnce(*xnames);

  absl::StatusOr<std::vector<std::string>> excluded = ResolveSets(targets.exclude);
  if (!excluded.ok()) return excluded.status();
  const std::unordered_set<std::string> gone(excluded->begin(), excluded->end());
  std::erase_if(*xnames, [&](const std::string& xname) { return gone.contains(xname); });
  if (!xnames->empty()) return xnames;
  if (!gone.empty())
    return MakeStatus(absl::StatusCode::kNotFound, "no targets: every node is excluded");
  return MakeStatus(absl::StatusCode::kNotFound,
                    "no targets: no node is known, neither from an inventory nor attached");
}

absl::StatusOr<NodeInfo> NodeRegistry::Find(const std::string& name) const {
  const std::string lower = LowerCase(name);
  const MutexLock lock(mutex_);
  absl::StatusOr<std::string> xname = XnameOf(lower);
  if (!xname.ok()) return xname.status();
  if (xname->empty()) return Unknown({lower});
  return Told(nodes_.find(*xname)->second);
}

std::vector<NodeInfo> NodeRegistry::List(const std::vector<std::string>& xnames) const {
  std::vector<NodeInfo> list;
  const MutexLock lock(mutex_);
  for (const std::string& xname : xnames) {
    const auto found = nodes_.find(xname);
    if (found != nodes_.end()) list.push_back(Told(found->second));
  }
  return list;
}

std::vector<std::string> NodeRegistry::All() const {
  std::vector<std::string> xnames;
  const MutexLock lock(mutex_);
  for (const auto& [xname, node] : nodes_) xnames.push_back(xname);
  return xnames;
}

size_t NodeRegistry::attached_count() const {
  const MutexLock lock(mutex_);
  return attached_;
}

// As it is told to others.
NodeInfo NodeRegistry::Told(NodeInfo node) {
  if (node.in_conflict && node.presence == Presence::kAttached) node.presence = Presence::kConflict;
  return node;
}

// Nothing if there are too many nodes already.
NodeInfo* NodeRegistry::FindOrAdd(const std::string& xname) {
  const auto found = nodes_.find(xname);
  if (found != nodes_.end()) return &found->second;
  if (seen_only_ == kMaxSeenNodes) {
    log::Warning("node not kept node={} reason=\"{} nodes that are not in the inventory\"", xname,
                 kMaxSeenNodes);
    return nullptr;
  }
  ++seen_only_;
  NodeInfo& node = nodes_[xname];
  node.xname = xname;
  return &node;
}

void NodeRegistry::LearnAliases(NodeInfo& node, const std::vector<std::string>& aliases) {
  if (node.aliases_from_inventory) return;
  for (const std::string& alias : node.aliases) Unclaim(learned_claims_, alias, node.xname);
  node.aliases.clear();
  for (const std::string& alias : aliases) {
    if (node.aliases.size() == kMaxHelloAliases) break;
    if (!IsNodeName(alias)) continue;
    node.aliases.push_back(LowerCase(alias));
    Claim(learned_claims_, node.aliases.back(), node.xname);
  }
}

void NodeRegistry::SetPresence(NodeInfo& node, Presence presence, std::optional<Time> since) {
  if (node.presence == Presence::kAttached) --attached_;
  if (presence == Presence::kAttached) ++attached_;
  node.presence = presence;
  node.presence_since = since;
}

// The nodes that go by `alias` or its twin; nothing if none does. What the inventory says goes first.
const std::vector<std::string>* NodeRegistry::ClaimsOf(const std::string& alias) const {
  const std::string twin = TwinOf(alias);
  for (const Claims* claims : {&inventory_claims_, &learned_claims_}) {
    for (const std::string* name : {&alias, &twin}) {
      const auto found = claims->find(*name);
      if (found != claims->end()) return &found->second;
    }
  }
  return nullptr;
}

// The xname of a name in lower case; empty if nobody knows it.
absl::StatusOr<std::string> NodeRegistry::XnameOf(const std::string& name) const {
  if (nodes_.contains(name)) return name;
  const std::vector<std::string>* claimants = ClaimsOf(name);
  if (claimants == nullptr) return ""s;
  if (claimants->size() == 1) return claimants->front();
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "'{}' is a name of {}: use the xname of the one you mean", name,
                    FoldNodeSet(*claimants));
}

absl::StatusOr<std::vector<std::string>> NodeRegistry::ResolveSets(
    const std::vector<std::string>& sets) const {
  absl::StatusOr<std::vector<std::string>> names = Expand(sets);
  if (!names.ok()) return names.status();
  absl::StatusOr<Answer> answer = LookUp(*names);
  if (!answer.ok()) return answer.status();
  if (!answer->unknown.empty()) return Unknown(answer->unknown);
  return std::move(answer->xnames);
}

absl::StatusOr<NodeRegistry::Answer> NodeRegistry::LookUp(
    const std::vector<std::string>& names) const {
  Answer answer;
  const MutexLock lock(mutex_);
  for (const std::string& name : names) {
    absl::StatusOr<std::string> xname = XnameOf(name);
    if (!xname.ok()) return xname.status();
    if (xname->empty()) {
      answer.unknown.push_back(name);
    } else {
      answer.xnames.push_back(*std::move(xname));
    }
  }
  return answer;
}

absl::Status NodeRegistry::AddRole(const std::string& role,
                                   std::vector<std::string>& xnames) const {
  const std::string lower = LowerCase(role);
  std::set<std::string> roles;
  bool is_known = false;
  const MutexLock lock(mutex_);
  for (const auto& [xname, node] : nodes_) {
    if (node.role.empty()) continue;
    roles.insert(node.role);
    if (LowerCase(node.role) != lower) continue;
    is_known = true;
    xnames.push_back(xname);
  }
  if (is_known) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kNotFound, "no node has role '{:.200}': {}", role,
                    roles.empty() ? "the inventory has no roles"s
                                  : fmt::format("there are {}", fmt::join(roles, ", ")));
}

}  // namespace muster
