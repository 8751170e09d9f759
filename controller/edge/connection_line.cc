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
  return DropOfTheMost(id);
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
  const bool is_turn_gone = entry.phase == Phase::kWaiting && source.waiting.empty();
  // One that has its name in turns_ is erased when its turn comes, or by TidyTurns.
  if (source.size() + source.opening.size() == 0 && !source.has_turn) sources_.erase(found);
  if (is_turn_gone && ++gone_turns_ > limits_.waiting) TidyTurns();
}

void ConnectionLine::TidyTurns() {
  std::erase_if(turns_, [this](const std::string& name) {
    Source& source = sources_.at(name);
    source.has_turn = !source.waiting.empty();
    return !source.has_turn;
  });
  std::erase_if(sources_, [](const auto& named) {
    const Source& source = named.second;
    return !source.has_turn && source.size() + source.opening.size() == 0;
  });
  gone_turns_ = 0;
}

ConnectionLine::Expired ConnectionLine::Expire(Time now) {
  Expired expired;
  while (!silences_.empty() && silences_.begin()->first + limits_.first_byte <= now) {
    expired.drops.push_back({silences_.begin()->second, Refusal::kSilentConnection});
    Remove(expired.drops.back().id);
  }
  while (!openings_.empty() && openings_.begin()->first + limits_.opening_time <= now) {
    const Id id = openings_.begin()->second;
    if (limits_.drops_unopened) {
      expired.drops.push_back({id, Refusal::kUnopenedConnection});
    } else {
      expired.left.push_back(id);
    }
    Remove(id);
  }
  return expired;
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
    if (gone_turns_ > 0) --gone_turns_;
    if (source.size() + source.opening.size() == 0) sources_.erase(found);
  }
  return false;
}

// Asked only when the line is full, so it may look at every source. If all have one, it is the newest that goes.
ConnectionLine::Drop ConnectionLine::DropOfTheMost(Id newest) {
  const auto most = std::max_element(sources_.begin(), sources_.end(), [](auto& a, auto& b) {
    return a.second.size() < b.second.size();
  });
  const Source& source = most->second;
  Id id = newest;
  if (source.size() > 1)
    id = source.silent.empty() ? *source.waiting.rbegin() : *source.silent.begin();
  Remove(id);
  return {id, Refusal::kCrowdedConnection};
}

// A stalled one of the source that has most of those, if another source has fewer under way: then the turn is that one's.
std::optional<ConnectionLine::Drop> ConnectionLine::MakeRoom(Time now) {
  std::map<std::string, std::pair<size_t, Id>> stalled;  // how many, and the oldest
  for (const auto& [since, id] : openings_) {
    if (now - since < limits_.stall) break;
    ++stalled.try_emplace(entries_.at(id).source, 0, id).first->second.first;
  }
  const auto most = std::max_element(stalled.begin(), stalled.end(), [](auto& a, auto& b) {
    return a.second.first < b.second.first;
  });
  if (most == stalled.end() || most->second.first < limits_.share) return std::nullopt;
  const size_t count = sources_.at(most->first).opening.size();
  const auto first = std::find_if(turns_.begin(), turns_.end(), [&](const std::string& name) {
    const Source& source = sources_.at(name);
    return !source.waiting.empty() && source.opening.size() + 1 < count;
  });
  if (first == turns_.end()) return std::nullopt;
  std::rotate(turns_.begin(), first, first + 1);
  return Drop{most->second.second, Refusal::kStalledHandshake};
}

}  // namespace muster
