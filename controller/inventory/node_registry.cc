#include "controller/inventory/node_registry.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "common/log.h"
#include "controller/inventory/name_error.h"

namespace muster {
namespace {

using std::string_literals::operator""s;

// A name on the node management network.
constexpr char kNetworkSuffix[] = "-nmn";

// "nid000001-nmn" for "nid000001", and the reverse.
std::string TwinOf(const std::string& alias) {
  if (!alias.ends_with(kNetworkSuffix)) return alias + kNetworkSuffix;
  return alias.substr(0, alias.size() - (sizeof(kNetworkSuffix) - 1));
}

// Of two lists in natural order.
std::vector<std::string> Union(const std::vector<std::string>& a,
                               const std::vector<std::string>& b) {
  std::vector<std::string> all;
  all.reserve(std::max(a.size(), b.size()));
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all), NaturalLess);
  return all;
}

// What counts of a node that HSM does not know.
const InventoryNode& Nobody() {
  static const InventoryNode* const kNobody = new InventoryNode{};
  return *kNobody;
}

}  // namespace

NodeRegistry::NodeRegistry(const std::vector<InventoryNode>& inventory)
    : file_(InventoryPicture::Prepared(inventory)) {}

void NodeRegistry::SetHsm(const std::vector<InventoryNode>& nodes, Time now) {
  std::vector<InventoryNode> checked = CheckedHsm(nodes);
  const bool is_new = checked != CurrentHsm()->nodes();
  Hsm picture;  // at the end the one before: its destruction takes as long as its making
  if (is_new) picture = std::make_shared<const InventoryPicture>(std::move(checked));
  const MutexLock lock(mutex_);
  hsm_time_ = now;
  if (!is_new) return;
  picture.swap(hsm_);
  const bool was_quiet = !news_.is_of_all && news_.nodes.empty();
  news_ = News();
  if (was_quiet && wake_) wake_();
}

NodeRegistry::News NodeRegistry::TakeNews() {
  const MutexLock lock(mutex_);
  return std::exchange(news_, News{false, {}});
}

void NodeRegistry::OnNews(std::function<void()> wake) {
  const MutexLock lock(mutex_);
  wake_ = std::move(wake);
}

void NodeRegistry::NoteNews(const std::string& xname) {
  if (news_.is_of_all) return;
  const bool was_quiet = news_.nodes.empty();
  news_.nodes.insert(xname);
  if (was_quiet && wake_) wake_();
}

std::optional<Time> NodeRegistry::hsm_time() const {
  const MutexLock lock(mutex_);
  return hsm_time_;
}

void NodeRegistry::AddSeen(const std::string& node, const std::vector<std::string>& aliases) {
  const MutexLock lock(mutex_);
  NodeInfo* info = FindOrAdd(LowerCase(node));
  if (info == nullptr) return;
  LearnAliases(*info, aliases);
  SetPresence(*info, Presence::kAway, std::nullopt);
}

void NodeRegistry::RememberContent(const std::string& node, const std::string& boot_id) {
  const MutexLock lock(mutex_);
  const auto found = seen_.find(node);
  if (found == seen_.end()) return;
  found->second.hello.boot_id = boot_id;
  found->second.had_content = true;
}

void NodeRegistry::OnAttached(const Hello& hello, const std::string& address, Time now,
                              std::optional<Duration> clock_ahead) {
  const MutexLock lock(mutex_);
  NodeInfo* info = FindOrAdd(LowerCase(hello.node));
  if (info == nullptr) return;
  LearnAliases(*info, hello.aliases);
  SetPresence(*info, Presence::kAttached, now);
  ++attaches_;
  info->address = address;
  if (info->hello.boot_id != hello.boot_id) info->had_content = false;
  if (!hello.status.mounted.empty()) info->had_content = true;
  info->hello = hello;
  info->clock_ahead = clock_ahead;
  info->status_time = info->mounted_time = now;
  NoteNews(info->xname);
}

void NodeRegistry::OnStatus(const NodeStatus& status, Time now) {
  const MutexLock lock(mutex_);
  const auto found = seen_.find(LowerCase(status.node));
  if (found == seen_.end()) return;
  found->second.hello.status = status;
  if (!status.mounted.empty()) found->second.had_content = true;
  found->second.status_time = found->second.mounted_time = now;
  NoteNews(found->first);
}

void NodeRegistry::OnUnit(const std::string& node, const UnitState& unit, Time now) {
  const MutexLock lock(mutex_);
  const auto found = seen_.find(LowerCase(node));
  if (found == seen_.end() || !found->second.status_time) return;
  NodeStatus& status = found->second.hello.status;
  // All ages are of one time.
  const Duration passed = now - *std::exchange(found->second.status_time, now);
  status.boot_age += passed;
  for (UnitState& known : status.units) {
    if (known.active_age) *known.active_age += passed;
    if (known.unit != unit.unit) continue;
    // A restart that was asked for and went well is told by its job.
    if (known.active_state != unit.active_state || known.restarts != unit.restarts)
      NoteNews(found->first);
    known = unit;
    found->second.job_invocation = unit.invocation_id;
  }
}

void NodeRegistry::OnAway(const std::string& node, Time now) {
  const MutexLock lock(mutex_);
  const auto found = seen_.find(LowerCase(node));
  if (found == seen_.end()) return;
  SetPresence(found->second, Presence::kAway, now);
  NoteNews(found->first);
}

void NodeRegistry::OnConflict(const std::string& node, bool begins) {
  const MutexLock lock(mutex_);
  const auto found = seen_.find(LowerCase(node));
  if (found == seen_.end()) return;
  found->second.in_conflict = begins;
  NoteNews(found->first);
}

absl::StatusOr<NodeInfo> NodeRegistry::Find(const std::string& name) const {
  const std::string lower = LowerCase(name);
  const Hsm picture = CurrentHsm();
  const MutexLock lock(mutex_);
  absl::StatusOr<std::string> xname = XnameOf(lower, *picture);
  if (!xname.ok()) return xname.status();
  if (xname->empty()) return UnknownNames({lower});
  return Told(SeenOf(*xname), *picture);
}

std::vector<NodeInfo> NodeRegistry::List(const std::vector<std::string>& xnames) const {
  const Hsm picture = CurrentHsm();
  std::vector<NodeInfo> list;
  list.reserve(xnames.size());
  {
    const MutexLock lock(mutex_);
    for (const std::string& xname : xnames) {
      if (IsKnown(xname, *picture)) list.push_back(SeenOf(xname));
    }
  }
  for (NodeInfo& node : list) node = Told(std::move(node), *picture);
  return list;
}

std::vector<std::string> NodeRegistry::All() const { return AllOf(*CurrentHsm()); }

size_t NodeRegistry::attached_count() const {
  const MutexLock lock(mutex_);
  return attached_;
}

uint64_t NodeRegistry::attaches() const {
  const MutexLock lock(mutex_);
  return attaches_;
}

size_t NodeRegistry::expected_count() const {
  const MutexLock lock(mutex_);
  return std::max(hsm_->nodes().size(), file_.nodes().size() + seen_only_);
}

// As this registry keeps it: names that may be ones, no aliases where the file has some, and the NID's where nobody has any.
std::vector<InventoryNode> NodeRegistry::CheckedHsm(const std::vector<InventoryNode>& nodes) const {
  std::vector<InventoryNode> checked = InventoryPicture::Prepared(nodes);
  const size_t no_names =
      std::erase_if(checked, [](const InventoryNode& node) { return !IsNodeName(node.xname); });
  if (no_names > 0)
    log::Warning("nodes of HSM left out count={} reason=\"their xname is no name\"", no_names);
  for (InventoryNode& node : checked) {
    const InventoryNode* of_file = file_.Find(node.xname);
    std::erase_if(node.aliases, [](const std::string& alias) { return !IsNodeName(alias); });
    if (of_file != nullptr && !of_file->aliases.empty()) {
      node.aliases.clear();
      continue;
    }
    const std::string& role =
        of_file != nullptr && !of_file->role.empty() ? of_file->role : node.role;
    // HSM has NID 0 for nodes without one.
    if (node.aliases.empty() && node.nid.value_or(0) > 0 && IsSameInAnyCase(role, "Compute"))
      node.aliases.push_back(fmt::format("nid{:06}", *node.nid));
  }
  return checked;
}

NodeRegistry::Hsm NodeRegistry::CurrentHsm() const {
  const MutexLock lock(mutex_);
  return hsm_;
}

NodeRegistry::Names NodeRegistry::AllOf(const InventoryPicture& hsm) const {
  Names seen;
  {
    const MutexLock lock(mutex_);
    seen.reserve(seen_.size());
    for (const auto& [xname, node] : seen_) seen.push_back(xname);
  }
  return Union(Union(file_.xnames(), hsm.xnames()), seen);
}

NodeFacts NodeRegistry::FactsOf(const std::string& xname, const InventoryPicture& hsm) const {
  const InventoryNode* of_file = file_.Find(xname);
  const InventoryNode* of_hsm = hsm.Find(xname);
  const InventoryNode& known = of_hsm != nullptr ? *of_hsm : Nobody();
  return {of_file != nullptr && !of_file->role.empty() ? of_file->role : known.role, known};
}

bool NodeRegistry::IsKnown(const std::string& xname, const InventoryPicture& hsm) const {
  return file_.Find(xname) != nullptr || hsm.Find(xname) != nullptr || seen_.contains(xname);
}

// What an agent said of itself; no more than the xname if none ever attached.
NodeInfo NodeRegistry::SeenOf(const std::string& xname) const {
  if (const auto found = seen_.find(xname); found != seen_.end()) return found->second;
  NodeInfo node;
  node.xname = xname;
  return node;
}

// As it is told to others: with what file and HSM say of it.
NodeInfo NodeRegistry::Told(NodeInfo node, const InventoryPicture& hsm) const {
  const std::string& xname = node.xname;
  if (node.in_conflict && node.presence == Presence::kAttached) node.presence = Presence::kConflict;
  node.in_inventory = file_.Find(xname) != nullptr;
  node.in_hsm = hsm.Find(xname) != nullptr;
  for (const InventoryPicture* picture : {&file_, &hsm}) {
    if (node.aliases_from_inventory || !picture->HasAliases(xname)) continue;
    node.aliases = picture->Find(xname)->aliases;
    node.aliases_from_inventory = true;
  }
  const NodeFacts facts = FactsOf(xname, hsm);
  node.role = facts.role;
  node.sub_role = facts.hsm.sub_role;
  node.nid = facts.hsm.nid;
  node.state = facts.hsm.state;
  node.is_enabled = facts.hsm.is_enabled;
  node.is_locked = facts.hsm.is_locked;
  node.groups = facts.hsm.groups;
  node.partition = facts.hsm.partition;
  return node;
}

// Nothing if there are too many nodes already.
NodeInfo* NodeRegistry::FindOrAdd(const std::string& xname) {
  const auto found = seen_.find(xname);
  if (found != seen_.end()) return &found->second;
  const bool is_in_file = file_.Find(xname) != nullptr;
  if (!is_in_file && seen_only_ == kMaxSeenNodes) {
    log::Warning("node not kept node={} reason=\"{} nodes that are not in the inventory\"", xname,
                 kMaxSeenNodes);
    return nullptr;
  }
  if (!is_in_file) ++seen_only_;
  NodeInfo& node = seen_[xname];
  node.xname = xname;
  return &node;
}

void NodeRegistry::LearnAliases(NodeInfo& node, const Names& aliases) {
  if (file_.HasAliases(node.xname)) return;
  for (const std::string& alias : node.aliases) learned_claims_.Remove(alias, node.xname);
  node.aliases.clear();
  for (const std::string& alias : aliases) {
    if (node.aliases.size() == kMaxHelloAliases) break;
    if (!IsNodeName(alias)) continue;
    node.aliases.push_back(LowerCase(alias));
    learned_claims_.Add(node.aliases.back(), node.xname);
  }
}

void NodeRegistry::SetPresence(NodeInfo& node, Presence presence, std::optional<Time> since) {
  if (node.presence == Presence::kAttached) --attached_;
  if (presence == Presence::kAttached) ++attached_;
  node.presence = presence;
  node.presence_since = since;
}

// The nodes that go by `alias` or its twin.
NodeRegistry::Names NodeRegistry::ClaimantsOf(const std::string& alias,
                                              const InventoryPicture& hsm) const {
  const std::string twin = TwinOf(alias);
  for (const Claims* claims : {&file_.claims(), &hsm.claims()}) {
    for (const std::string* name : {&alias, &twin}) {
      if (const Names* found = claims->Of(*name); found != nullptr) return *found;
    }
  }
  for (const std::string* name : {&alias, &twin}) {
    const Names* found = learned_claims_.Of(*name);
    if (found == nullptr) continue;
    Names claimants = *found;
    std::erase_if(claimants, [&](const std::string& xname) { return hsm.HasAliases(xname); });
    if (!claimants.empty()) return claimants;
  }
  return {};
}

// The xname of a name in lower case; empty if nobody knows it.
absl::StatusOr<std::string> NodeRegistry::XnameOf(const std::string& name,
                                                  const InventoryPicture& hsm) const {
  if (IsKnown(name, hsm)) return name;
  const Names claimants = ClaimantsOf(name, hsm);
  if (claimants.empty()) return ""s;
  if (claimants.size() == 1) return claimants.front();
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "'{}' is a name of {}: use the xname of the one you mean", name,
                    FoldNodeSet(claimants));
}

}  // namespace muster
