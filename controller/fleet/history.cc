#include "controller/fleet/history.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "common/fnv.h"
#include "controller/nodeset/node_set.h"

namespace muster {
namespace {

// Conditions that are told only while they are not True.
bool IsToldIfBad(ConditionKind kind) {
  return kind == ConditionKind::kAgentCurrent || kind == ConditionKind::kClockSynced;
}

bool IsKnown(const Condition& condition) {
  return condition.truth != Truth::kUnknown || IsToldIfBad(condition.kind) ||
         condition.kind == ConditionKind::kAgentAttached;
}

// What is not told of a node any more: it is as it should be, or nobody knows.
Condition Ended(ConditionKind kind) {
  if (IsToldIfBad(kind)) return {kind, Truth::kTrue, "AsItShouldBe", ""};
  return {kind, Truth::kUnknown, "NotTold", ""};
}

uint64_t HashOf(const std::string& mark) { return mark.empty() ? 0 : Fnv1a(mark); }

}  // namespace

FleetHistory::FleetHistory(StoredHistory stored) : last_number_(stored.last_number) {
  for (const RecordedCondition& one : stored.conditions)
    // Which invocation a unit was is not told of what jobs restart, so of an earlier life it says nothing.
    known_[one.node].push_back(
        KnownOf(one.kind, one.truth, one.reason,
                one.kind == ConditionKind::kAgentAttached ? one.mark : std::string()));
}

FleetHistory::Known FleetHistory::KnownOf(ConditionKind kind, Truth truth,
                                          const std::string& reason, const std::string& mark) {
  return {&*reasons_.insert(reason).first, HashOf(mark), kind, truth};
}

void FleetHistory::Note(Time now, const std::string& node,
                        const std::vector<Condition>& conditions) {
  for (const Condition& condition : conditions) {
    if (IsKnown(condition)) NoteOne(now, node, condition);
  }
  NoteGone(now, node, conditions);
}

FleetHistory::Known* FleetHistory::Find(const std::string& node, ConditionKind kind) {
  const auto of_node = known_.find(node);
  if (of_node == known_.end()) return nullptr;
  std::vector<Known>& all = of_node->second;
  const auto found =
      std::find_if(all.begin(), all.end(), [kind](const Known& one) { return one.kind == kind; });
  return found == all.end() ? nullptr : &*found;
}

// It is True, and not the one that it was.
bool FleetHistory::IsAnother(const Known& known, const Condition& condition) {
  return condition.truth == Truth::kTrue && known.mark != 0 && !condition.mark.empty() &&
         known.mark != HashOf(condition.mark);
}

void FleetHistory::NoteOne(Time now, const std::string& node, const Condition& condition) {
  const Known* known = Find(node, condition.kind);
  const bool is_new = known == nullptr;
  const bool is_same =
      !is_new && known->truth == condition.truth && *known->reason == condition.reason;
  const bool is_another = !is_new && IsAnother(*known, condition);
  if (is_same && (condition.mark.empty() || known->mark == HashOf(condition.mark))) return;
  Keep(now, node, condition);
  // That a node is as it should be when it is first heard of is no news, but that it is there.
  const bool is_news =
      is_new ? condition.truth != Truth::kTrue || condition.kind == ConditionKind::kAgentAttached
             : !is_same || (is_another && !condition.is_by_job);
  if (!is_news) return;
  Condition told = condition;
  const bool is_boot = condition.kind == ConditionKind::kAgentAttached;
  if (is_another && (is_same || is_boot)) told.reason = is_boot ? "Booted" : "Restarted";
  Tell(now, node, told);
}

void FleetHistory::NoteGone(Time now, const std::string& node,
                            const std::vector<Condition>& conditions) {
  if (conditions.empty() || conditions.front().truth != Truth::kTrue) return;  // it is away
  // HMNFD's list may be unknown for a while: that a node is subscribed stays known.
  for (const ConditionKind kind :
       {ConditionKind::kAgentCurrent, ConditionKind::kClockSynced, ConditionKind::kContentMounted,
        ConditionKind::kOrcaActive, ConditionKind::kSpireHealthy, ConditionKind::kUnitsActive}) {
    const auto is_it = [kind](const auto& one) { return one.kind == kind; };
    if (std::any_of(conditions.begin(), conditions.end(), is_it)) continue;
    const Known* known = Find(node, kind);
    if (known == nullptr) continue;
    if (known->truth != Truth::kTrue) Tell(now, node, Ended(kind));
    batch_.conditions.push_back({node, kind, Truth::kUnspecified, "", "", now});
    std::erase_if(known_[node], is_it);
  }
}

// A mark stays until there is another: of a node that is away, the boot that it was in.
void FleetHistory::Keep(Time now, const std::string& node, const Condition& condition) {
  Known* known = Find(node, condition.kind);
  if (known == nullptr) known = &known_[node].emplace_back();
  const uint64_t mark = known->mark;
  *known = KnownOf(condition.kind, condition.truth, condition.reason, condition.mark);
  if (condition.mark.empty()) known->mark = mark;
  batch_.conditions.push_back(
      {node, condition.kind, condition.truth, condition.reason, condition.mark, now});
}

void FleetHistory::Tell(Time now, const std::string& node, const Condition& condition) {
  FlapDamping& flap = flaps_[{node, condition.kind}];
  const bool was_suppressed = flap.is_suppressed();
  flap.Add(now);
  if (was_suppressed) return;
  if (!flap.is_suppressed()) return Join(now, node, condition);
  Condition flapping = condition;
  flapping.reason = "Flapping";
  flapping.message = "it changes again and again; what it does is told again when it is quiet";
  Join(now, node, flapping);
}

void FleetHistory::Join(Time now, const std::string& node, const Condition& condition) {
  const EventKey key{condition.kind, condition.truth, condition.reason};
  auto found = open_.find(key);
  if (found != open_.end() &&
      (now - found->second.event.last > kJoin || now - found->second.event.first > kOpen)) {
    // Its last nodes may not have been taken yet.
    if (found->second.is_dirty) batch_.events.push_back(ChangeOf(found->second));
    open_.erase(found);
    found = open_.end();
  }
  if (found == open_.end()) {
    found = open_.emplace(key, OpenEvent{}).first;
    found->second.event = {.number = ++last_number_,
                           .first = now,
                           .kind = condition.kind,
                           .truth = condition.truth,
                           .reason = condition.reason,
                           .example = node,
                           .message = condition.message};
    ++counts_[{condition.kind, condition.truth}];
  }
  OpenEvent& open = found->second;
  open.event.last = now;
  open.is_dirty = true;
  if (open.nodes.insert(node).second) open.joined.push_back(node);
}

void FleetHistory::Advance(Time now) {
  for (auto it = flaps_.begin(); it != flaps_.end();) {
    const auto& [node, kind] = it->first;
    const Known* known = Find(node, kind);
    if (it->second.TryRelease(now))
      Join(now, node,
           known == nullptr
               ? Ended(kind)
               : Condition{kind, known->truth, *known->reason,
                           "it changed again and again, and has been quiet for a while"});
    it = it->second.IsOver(now) ? flaps_.erase(it) : std::next(it);
  }
  std::erase_if(open_, [&](const auto& entry) {
    const OpenEvent& open = entry.second;
    return !open.is_dirty && now - open.event.last > kJoin;
  });
}

Time FleetHistory::NextDue() const {
  Time due = Time::max();
  for (const auto& [key, flap] : flaps_) due = std::min(due, flap.ReleaseTime());
  for (const auto& [key, open] : open_) due = std::min(due, open.event.last + kJoin + 1ms);
  return due;
}

HistoryBatch::Change FleetHistory::ChangeOf(OpenEvent& open) {
  open.event.count = open.nodes.size();
  open.event.nodes = FoldNodeSet({open.nodes.begin(), open.nodes.end()});
  open.is_dirty = false;
  return {open.event, std::exchange(open.joined, {})};
}

void FleetHistory::ReleaseAll(Time now) {
  for (auto& [key, flap] : flaps_) {
    const Known* known = Find(key.first, key.second);
    if (flap.is_suppressed() && known != nullptr)
      Join(now, key.first, {key.second, known->truth, *known->reason, ""});
  }
  flaps_.clear();
}

void FleetHistory::GiveBack(HistoryBatch batch) {
  if (batch.conditions.size() > kMaxUnwritten || batch.events.size() > kMaxUnwritten) return;
  // In their order: what is written later counts.
  std::swap(batch_, batch);
  std::move(batch.events.begin(), batch.events.end(), std::back_inserter(batch_.events));
  std::move(batch.conditions.begin(), batch.conditions.end(),
            std::back_inserter(batch_.conditions));
}

bool FleetHistory::has_batch() const {
  return !batch_.empty() || std::any_of(open_.begin(), open_.end(),
                                        [](const auto& entry) { return entry.second.is_dirty; });
}

HistoryBatch FleetHistory::TakeBatch() {
  for (auto& [key, open] : open_) {
    if (open.is_dirty) batch_.events.push_back(ChangeOf(open));
  }
  return std::exchange(batch_, {});
}

}  // namespace muster
