#include "controller/edge/connection_line.h"

#include <algorithm>
#include <utility>

namespace muster {
namespace {

// How often a line that waits for a stalled handshake looks again.
constexpr Duration kLookAgain = 500ms;

}  // namespace

std::optional<ConnectionLine::Drop> ConnectionLine::Add(Id id, const std::string& source,
                                                        Time now) {
  entries_.emplace(id, Entry{source, Phase::kSilent, now});
  sources_[source].silent.insert(id);
  silences_.emplace(now, id);
  if (waiting() <= limits_.waiting) return std::nullopt;
  return DropOfTheMost();
}

void ConnectionLine::OnFirstByte(Id id) {
  const auto it = entries_.find(id);
  if (it == entries_.end() || it->second.phase != Phase::kSilent) return;
  Entry& entry = it->second;
  silences_.erase({entry.since, id});
  entry.phase = Phase::kWaiting;
  Source& source = sources_.at(entry.source);
  source.silent.erase(id);
  source.waiting.insert(id);
  if (!std::exchange(source.has_turn, true)) turns_.push_back(entry.source);
}

void ConnectionLine::Remove(Id id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  const Entry entry = std::move(it->second);
  entries_.erase(it);
  const auto found = sources_.find(entry.source);
  Source& source = found->second;
  switch (entry.phase) {
    case Phase::kSilent:
      source.silent.erase(id);
      silences_.erase({entry.since, id});
      break;
    case Phase::kWaiting:
      source.waiting.erase(id);
      break;
    case Phase::kOpening:
      source.opening.erase(id);
      openings_.erase({entry.since, id});
      break;
  }
  // One that has its name in turns_ is erased when its turn comes.
  if (source.size() + source.opening.size() == 0 && !source.has_turn) sources_.erase(found);
}

std::vector<ConnectionLine::Drop> ConnectionLine::Expire(Time now) {
  std::vector<Drop> drops;
  while (!silences_.empty() && silences_.begin()->first + limits_.first_byte <= now) {
    drops.push_back({silences_.begin()->second, Refusal::kSilentConnection});
    Remove(drops.back().id);
  }
  while (!openings_.empty() && openings_.begin()->first + limits_.opening_time <= now) {
    const Id id = openings_.begin()->second;
    if (limits_.drops_unopened) drops.push_back({id, Refusal::kUnopenedConnection});
    Remove(id);
  }
  return drops;
}

ConnectionLine::Turn ConnectionLine::Next(Time now) {
  Turn turn;
  if (!HasTurn()) return turn;
  if (opening() >= limits_.opening) {
    turn.drop = MakeRoom(now);
    if (!turn.drop) return turn;
    Remove(turn.drop->id);
  }
  const std::string name = turns_.front();
  turns_.pop_front();
  Source& source = sources_.at(name);
  const Id id = *source.waiting.begin();
  source.waiting.erase(id);
  source.opening.insert(id);
  source.has_turn = !source.waiting.empty();
  if (source.has_turn) turns_.push_back(name);
  Entry& entry = entries_.at(id);
  entry.phase = Phase::kOpening;
  entry.since = now;
  openings_.emplace(now, id);
  turn.next = id;
  return turn;
}

std::optional<Time> ConnectionLine::NextDeadline(Time now) const {
  std::optional<Time> next;
  const auto at = [&next](Time time) { next = std::min(next.value_or(time), time); };
  if (!silences_.empty()) at(silences_.begin()->first + limits_.first_byte);
  if (!openings_.empty()) at(openings_.begin()->first + limits_.opening_time);
  // Somebody may stall. What opens or goes meanwhile is heard of.
  if (HasWaiting() && !openings_.empty())
    at(std::max(openings_.begin()->first + limits_.stall, now + kLookAgain));
  return next;
}

// Takes those whose last one has gone from the front.
bool ConnectionLine::HasTurn() {
  for (; !turns_.empty(); turns_.pop_front()) {
    const auto found = sources_.find(turns_.front());
    Source& source = found->second;
    if (!source.waiting.empty()) return true;
    source.has_turn = false;
    if (source.size() + source.opening.size() == 0) sources_.erase(found);
  }
  return false;
}

// Asked only when the line is full, so it may look at every source.
ConnectionLine::Drop ConnectionLine::DropOfTheMost() {
  const auto most = std::max_element(sources_.begin(), sources_.end(), [](auto& a, auto& b) {
    return a.second.size() < b.second.size();
  });
  const Source& source = most->second;
  const Id id = source.silent.empty() ? *source.waiting.rbegin() : *source.silent.begin();
  Remove(id);
  return {id, Refusal::kCrowdedConnection};
}

// Likewise, when a handshake stalls. The turn is then that of the first source which has fewer than the one that loses.
std::optional<ConnectionLine::Drop> ConnectionLine::MakeRoom(Time now) {
  if (now - openings_.begin()->first < limits_.stall) return std::nullopt;
  const auto most = std::max_element(sources_.begin(), sources_.end(), [](auto& a, auto& b) {
    return a.second.opening.size() < b.second.opening.size();
  });
  const std::set<Id>& opening = most->second.opening;
  if (opening.size() < limits_.share) return std::nullopt;
  const Id oldest = *opening.begin();
  if (now - entries_.at(oldest).since < limits_.stall) return std::nullopt;
  const auto first = std::find_if(turns_.begin(), turns_.end(), [&](const std::string& name) {
    const Source& source = sources_.at(name);
    return !source.waiting.empty() && source.opening.size() + 1 < opening.size();
  });
  if (first == turns_.end()) return std::nullopt;
  std::rotate(turns_.begin(), first, first + 1);
  return Drop{oldest, Refusal::kStalledHandshake};
}

}  // namespace muster
