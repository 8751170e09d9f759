#include "controller/session/session_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/log.h"
#include "controller/session/agent_session.h"
#include "controller/session/hello_check.h"
#include "proto/convert.h"

namespace muster {

SessionTable::SessionTable(SessionOptions options, SessionEvents& events, NodeRegistry& registry,
                           Refusals& refusals, const Clock& clock)
    : options_(std::move(options)),
      events_(events),
      registry_(registry),
      refusals_(refusals),
      clock_(clock) {}

SessionTable::~SessionTable() = default;

bool SessionTable::Send(SessionId session, const ControllerMessage& message) {
  const std::shared_ptr<AgentSession> found = Find(session);
  return found != nullptr && found->Queue(ToProto(message, clock_.BoottimeNs()));
}

void SessionTable::Close(SessionId session, const std::string& why) {
  if (const auto found = Find(session))
    found->End(MakeStatus(absl::StatusCode::kAborted, "{}", why));
}

void SessionTable::Sweep(Time now, std::chrono::system_clock::time_point wall) {
  std::vector<std::shared_ptr<AgentSession>> all;
  {
    const MutexLock lock(mutex_);
    all.reserve(sessions_.size());
    for (const auto& [id, session] : sessions_) all.push_back(session);
  }
  for (const auto& session : all) session->Check(now, wall);
}

size_t SessionTable::size() const {
  const MutexLock lock(mutex_);
  return sessions_.size();
}

bool SessionTable::IsRevoked(const CertificateInfo& certificate) const {
  return options_.is_revoked && options_.is_revoked(certificate);
}

SessionId SessionTable::Add(std::shared_ptr<AgentSession> session) {
  const MutexLock lock(mutex_);
  sessions_.emplace(++last_id_, std::move(session));
  return last_id_;
}

absl::Status SessionTable::Attach(AgentSession& session, const Hello& hello) {
  const std::string node = hello.node;
  SessionId older = 0;
  {
    const MutexLock order(order_mutex_);
    Seat& seat = seats_[node];
    older = std::exchange(seat.newest, session.id());
    registry_.OnAttached(hello, session.peer(), clock_.Now(), session.clock_ahead());
    // Before SessionUp, so that it is the first message whatever the runner sends at once.
    session.Queue(ToProto(WelcomeFor(node), clock_.BoottimeNs()));
    if (absl::Status status = Post(SessionUp{session.id(), hello}); !status.ok()) {
      seat.newest = older;
      if (older == 0) registry_.OnAway(node, clock_.Now());
      return status;
    }
  }
  log::Info("agent attached node={} session={} peer={}{}", node, session.id(), session.peer(),
            older == 0 ? "" : " replaces=" + std::to_string(older));
  if (older != 0) Close(older, "replaced by a newer session of node " + node);
  return absl::OkStatus();
}

Duration SessionTable::AttachWait(const std::string& node) {
  const MutexLock order(order_mutex_);
  return seats_[node].pace.Take(clock_.Now());
}

absl::Status SessionTable::CheckEpoch(const Hello& hello) {
  absl::Status status = CheckSeenEpoch(hello, options_.epoch);
  // One story for all agents, however many there are.
  if (!status.ok()) refusals_.Note(Refusal::kStaleStore, "agents", Message(status));
  return status;
}

void SessionTable::OnStatus(const AgentSession& session, const NodeStatus& status) {
  const MutexLock order(order_mutex_);
  if (IsNewest(session, status.node)) registry_.OnStatus(status, clock_.Now());
}

void SessionTable::OnUnit(const AgentSession& session, const std::string& node,
                          const UnitState& unit) {
  const MutexLock order(order_mutex_);
  if (IsNewest(session, node)) registry_.OnUnit(node, unit, clock_.Now());
}

bool SessionTable::IsNewest(const AgentSession& session, const std::string& node) {
  const auto seat = seats_.find(node);
  return seat != seats_.end() && seat->second.newest == session.id();
}

absl::Status SessionTable::Post(Event event) {
  if (events_.Post(std::move(event))) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kResourceExhausted,
                    "the controller has too much to do: attach again");
}

void SessionTable::Remove(const AgentSession& session, const std::string& node) {
  if (!node.empty()) {
    const MutexLock order(order_mutex_);
    Seat& seat = seats_[node];
    if (seat.newest == session.id()) {
      seat.newest = 0;
      registry_.OnAway(node, clock_.Now());
    }
    events_.Post(SessionDown{session.id(), node});  // always taken
  }
  if (!node.empty()) log::Info("agent detached node={} session={}", node, session.id());
  const MutexLock lock(mutex_);
  sessions_.erase(session.id());
}

std::shared_ptr<AgentSession> SessionTable::Find(SessionId id) const {
  const MutexLock lock(mutex_);
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : it->second;
}

ControllerMessage SessionTable::WelcomeFor(const std::string& node) const {
  Welcome welcome;
  welcome.node = node;
  welcome.epoch = options_.epoch;
  // What agents spread their reconnects over.
  welcome.fleet_size = static_cast<uint32_t>(registry_.expected_count());
  welcome.ping_interval = options_.ping_interval;
  return welcome;
}

}  // namespace muster
