// Every live session, which of them is each node's, and the runner's way to them.
//
// What the runner and the registry hear of one node is in one order: SessionUp of each session, the newest last; ReportReceived
// of a session after its SessionUp; SessionDown as the last event of a session, for a replaced one after the SessionUp of
// the newer. A node becomes away only when the session that ends is its newest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/identity.h"
#include "common/limits.h"
#include "common/messages.h"
#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/edge/peer_certificate.h"
#include "controller/edge/refusals.h"
#include "controller/engine/event.h"
#include "controller/inventory/node_registry.h"
#include "controller/runner/submitter.h"
#include "controller/session/pace.h"
#include "controller/session/transport.h"

namespace muster {

class AgentSession;

// A node whose agent comes and goes is welcomed this often at once, and then as often as the interval says.
inline constexpr int kAttachBurst = 10;
inline constexpr Duration kAttachInterval = 3s;

struct SessionOptions {
  Epoch epoch;
  IdentityPatterns patterns;
  Duration ping_interval = limits::kPingInterval;
  // Any thread; shortly. Nothing: no certificate is.
  std::function<bool(const CertificateInfo&)> is_revoked;
};

// Any thread. Outlives the server whose sessions it holds, and is outlived by what it refers to.
class SessionTable final : public Transport {
 public:
  SessionTable(SessionOptions options, SessionEvents& events, NodeRegistry& registry,
               Refusals& refusals, const Clock& clock);
  ~SessionTable() override;

  bool Send(SessionId session, const ControllerMessage& message) override;
  void Close(SessionId session, const std::string& why) override;

  // Ends the sessions without a Hello after limits::kHelloDeadline, those whose certificate has expired or is revoked, and those
  // whose peer does not read. Main calls it every few seconds. `wall` is the wall clock's time, which certificates go by: `now`
  // does not follow it when it is set.
  void Sweep(Time now, std::chrono::system_clock::time_point wall);
  size_t size() const;

  // For the gateway and its sessions.
  const SessionOptions& options() const { return options_; }
  bool IsRevoked(const CertificateInfo& certificate) const;
  Time Now() const { return clock_.Now(); }
  Refusals& refusals() { return refusals_; }
  SessionId Add(std::shared_ptr<AgentSession> session);
  // Welcomes, makes the session the node's and ends the one that was. RESOURCE_EXHAUSTED if the runner takes no more; the node's
  // session is then the one that was.
  absl::Status Attach(AgentSession& session, const Hello& hello);
  // How long a node that attaches now has to wait, for it has done so often.
  Duration AttachWait(const std::string& node);
  absl::Status CheckEpoch(const Hello& hello);
  // What a node says of itself, or what an outcome says of a unit of its. Of its newest session only.
  void OnStatus(const AgentSession& session, const NodeStatus& status);
  void OnUnit(const AgentSession& session, const std::string& node, const UnitState& unit);
  absl::Status Post(Event event);
  // `node` is empty if the session never attached.
  void Remove(const AgentSession& session, const std::string& node);

 private:
  struct Seat {
    SessionId newest = 0;  // 0: away
    Pace pace{kAttachBurst, kAttachInterval};
  };

  bool IsNewest(const AgentSession& session, const std::string& node) MUSTER_REQUIRES(order_mutex_);
  std::shared_ptr<AgentSession> Find(SessionId id) const;
  ControllerMessage WelcomeFor(const std::string& node) const;

  const SessionOptions options_;
  SessionEvents& events_;
  NodeRegistry& registry_;
  Refusals& refusals_;
  const Clock& clock_;

  mutable Mutex mutex_;
  SessionId last_id_ MUSTER_GUARDED_BY(mutex_) = 0;
  std::unordered_map<SessionId, std::shared_ptr<AgentSession>> sessions_ MUSTER_GUARDED_BY(mutex_);

  // Held while one node's news goes to the registry and to the runner's mailbox, both of which take it and return: the one
  // exception to "never across a call out", for the order of them. Taken before any other lock.
  Mutex order_mutex_;
  std::map<std::string, Seat> seats_
      MUSTER_GUARDED_BY(order_mutex_);  // of each node that ever came
};

}  // namespace muster
