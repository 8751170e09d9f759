#include "controller/inventory/node_registry.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "common/ascii.h"
#include "common/log.h"
#include "controller/inventory/name_error.h"
#include "controller/nodeset/node_set.h"

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
    : sources_{std::make_shared<const InventoryPicture>(InventoryPicture::Prepared(inventory)),
               std::make_shared<const InventoryPicture>()} {}

void NodeRegistry::SetHsm(const std::vector<InventoryNode>& nodes, Time now) {
  const MutexLock one_at_a_time(set_mutex_);
  hsm_nodes_ = nodes;
  Sources next = CurrentSources();
  std::vector<InventoryNode> checked = CheckedHsm(nodes, *next.file);
  const bool is_new = checked != next.hsm->nodes();
  if (is_new) next.hsm = std::make_shared<const InventoryPicture>(std::move(checked));
  const MutexLock lock(mutex_);
  hsm_time_ = now;
  if (is_new) TakeSources(next);
}

void NodeRegistry::SetFile(const std::vector<InventoryNode>& inventory) {
  const MutexLock one_at_a_time(set_mutex_);
  Sources next = CurrentSources();
  std::vector<InventoryNode> prepared = InventoryPicture::Prepared(inventory);
  if (prepared == next.file->nodes()) return;
  next.file = std::make_shared<const InventoryPicture>(std::move(prepared));
  next.hsm = std::make_shared<const InventoryPicture>(CheckedHsm(hsm_nodes_, *next.file));
  const MutexLock lock(mutex_);
  TakeSources(next);
  // What agents said of themselves counts where the file says nothing any more, and where it does no more.
  seen_only_ = 0;
  for (auto& [xname, node] : seen_) {
    if (sources_.file->Find(xname) == nullptr) ++seen_only_;
    if (sources_.file->HasAliases(xname)) ForgetAliases(node);
    if (node.aliases.empty()) LearnAliases(node, node.hello.aliases);
  }
}

// `next` gets those before: their destruction, which takes as long as their making, is the caller's, after the mutex.
void NodeRegistry::TakeSources(Sources& next) {
  std::swap(next, sources_);
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
  const Sources sources = CurrentSources();
  const MutexLock lock(mutex_);
  absl::StatusOr<std::string> xname = XnameOf(lower, sources);
  if (!xname.ok()) return xname.status();
  if (xname->empty()) return UnknownNames({lower});
  return Told(SeenOf(*xname), sources);
}

std::vector<NodeInfo> NodeRegistry::List(const std::vector<std::string>& xnames) const {
  const Sources sources = CurrentSources();
  std::vector<NodeInfo> list;
  list.reserve(xnames.size());
  {
    const MutexLock lock(mutex_);
    for (const std::string& xname : xnames) {
      if (IsKnown(xname, sources)) list.push_back(SeenOf(xname));
    }
  }
  for (NodeInfo& node : list) node = Told(std::move(node), sources);
  return list;
}

std::vector<std::string> NodeRegistry::All() const { return AllOf(CurrentSources()); }

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
  return std::max(sources_.hsm->nodes().size(), sources_.file->nodes().size() + seen_only_);
}

// As this registry keeps it: names that may be ones, no aliases where the file has some, and the NID's where nobody has any.
std::vector<InventoryNode> NodeRegistry::CheckedHsm(const std::vector<InventoryNode>& nodes,
                                                    const InventoryPicture& file) {
  std::vector<InventoryNode> checked = InventoryPicture::Prepared(nodes);
  const size_t no_names =
      std::erase_if(checked, [](const InventoryNode& node) { return !IsNodeName(node.xname); });
  if (no_names > 0)
    log::Warning("nodes of HSM left out count={} reason=\"their xname is no name\"", no_names);
  for (InventoryNode& node : checked) {
    const InventoryNode* of_file = file.Find(node.xname);
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

NodeRegistry::Sources NodeRegistry::CurrentSources() const {
  const MutexLock lock(mutex_);
  return sources_;
}

NodeRegistry::Names NodeRegistry::AllOf(const Sources& sources) const {
  Names seen;
  {
    const MutexLock lock(mutex_);
    seen.reserve(seen_.size());
    for (const auto& [xname, node] : seen_) seen.push_back(xname);
  }
  return Union(Union(sources.file->xnames(), sources.hsm->xnames()), seen);
}

NodeFacts NodeRegistry::FactsOf(const std::string& xname, const Sources& sources) const {
  const InventoryNode* of_file = sources.file->Find(xname);
  const InventoryNode* of_hsm = sources.hsm->Find(xname);
  const InventoryNode& known = of_hsm != nullptr ? *of_hsm : Nobody();
  return {of_file != nullptr && !of_file->role.empty() ? of_file->role : known.role, known};
}

bool NodeRegistry::IsKnown(const std::string& xname, const Sources& sources) const {
  return sources.file->Find(xname) != nullptr || sources.hsm->Find(xname) != nullptr ||
         seen_.contains(xname);
}

// What an agent said of itself; no more than the xname if none ever attached.
NodeInfo NodeRegistry::SeenOf(const std::string& xname) const {
  if (const auto found = seen_.find(xname); found != seen_.end()) return found->second;
  NodeInfo node;
  node.xname = xname;
  return node;
}

// As it is told to others: with what file and HSM say of it.
NodeInfo NodeRegistry::Told(NodeInfo node, const Sources& sources) const {
  const std::string& xname = node.xname;
  if (node.in_conflict && node.presence == Presence::kAttached) node.presence = Presence::kConflict;
  node.in_inventory = sources.file->Find(xname) != nullptr;
  node.in_hsm = sources.hsm->Find(xname) != nullptr;
  for (const InventoryPicture* picture : {sources.file.get(), sources.hsm.get()}) {
    if (node.aliases_from_inventory || !picture->HasAliases(xname)) continue;
    node.aliases = picture->Find(xname)->aliases;
    node.aliases_from_inventory = true;
  }
  const NodeFacts facts = FactsOf(xname, sources);
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
  const bool is_in_file = sources_.file->Find(xname) != nullptr;
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
  if (sources_.file->HasAliases(node.xname)) return;
  ForgetAliases(node);
  for (const std::string& alias : aliases) {
    if (node.aliases.size() == kMaxHelloAliases) break;
    if (!IsNodeName(alias)) continue;
    node.aliases.push_back(LowerCase(alias));
    learned_claims_.Add(node.aliases.back(), node.xname);
  }
}

void NodeRegistry::ForgetAliases(NodeInfo& node) {
  for (const std::string& alias : node.aliases) learned_claims_.Remove(alias, node.xname);
  node.aliases.clear();
}

void NodeRegistry::SetPresence(NodeInfo& node, Presence presence, std::optional<Time> since) {
  if (node.presence == Presence::kAttached) --attached_;
  if (presence == Presence::kAttached) ++attached_;
  node.presence = presence;
  node.presence_since = since;
}

// The nodes that go by `alias` or its twin.
NodeRegistry::Names NodeRegistry::ClaimantsOf(const std::string& alias,
                                              const Sources& sources) const {
  const std::string twin = TwinOf(alias);
  for (const Claims* claims : {&sources.file->claims(), &sources.hsm->claims()}) {
    for (const std::string* name : {&alias, &twin}) {
      if (const Names* found = claims->Of(*name); found != nullptr) return *found;
    }
  }
  for (const std::string* name : {&alias, &twin}) {
    const Names* found = learned_claims_.Of(*name);
    if (found == nullptr) continue;
    Names claimants = *found;
    std::erase_if(claimants,
                  [&](const std::string& xname) { return sources.hsm->HasAliases(xname); });
    if (!claimants.empty()) return claimants;
  }
  return {};
}

// The xname of a name in lower case; empty if nobody knows it.
absl::StatusOr<std::string> NodeRegistry::XnameOf(const std::string& name,
                                                  const Sources& sources) const {
  if (IsKnown(name, sources)) return name;
  const Names claimants = ClaimantsOf(name, sources);
  if (claimants.empty()) return ""s;
  if (claimants.size() == 1) return claimants.front();
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    "'{}' is a name of {}: use the xname of the one you mean", name,
                    FoldNodeSet(claimants));
}

}  // namespace muster
