// One stream of one agent: a gRPC reactor.
//
// Its life is gRPC's: it keeps itself from the moment the gateway hands it over until OnDone, and the SessionTable shares it in
// between, so that a message for a session that is just ending meets an object that says no. Whoever ends it sets `end_`;
// Finish is called once, when no write is in flight and no message waits, and nothing is started after it.
//
// Reactions come from gRPC's threads, reads one after another; Queue, End and Check from any thread. The mutex guards what they
// share; with it held nothing of the table is called that takes long or comes back.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/limits.h"
#include "common/messages.h"
#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/edge/peer_certificate.h"
#include "controller/engine/event.h"
#include "controller/session/pace.h"
#include "muster/v1/agent.grpc.pb.h"

namespace muster {

class SessionTable;

// Messages that wait for one agent. When it attaches it may get a command or a cancel of each active job (1,000 of them) and a
// Settled for each attempt it holds, twice; more than all that is a peer that does not read: it is cut off and will attach again.
inline constexpr size_t kMaxSessionOutbox = 2 * (1000 + limits::kMaxHeldAttempts);
// Settled that wait for a message to go with; so many go alone. A node in one job at a time has one.
inline constexpr int kMaxSettledAlone = 32;
// A write that the peer has not taken for this long, likewise: a stopped peer keeps its connection alive for ever.
inline constexpr Duration kWriteTimeout = 60s;

// Reports of one agent are read this many at once, and then as often as the interval says: it may have kMaxHeldAttempts to say again, twice.
inline constexpr int kReportBurst = 4 * limits::kMaxHeldAttempts;
inline constexpr Duration kReportInterval = 10ms;

class AgentSession final : public grpc::ServerBidiReactor<v1::AgentMessage, v1::ControllerMessage> {
 public:
  // `names` are the agent names of the certificate. The result is gRPC's until OnDone.
  static AgentSession* Start(grpc::CallbackServerContext& context, CertificateInfo certificate,
                             std::vector<std::string> names, SessionTable& table);

  // False if the session has ended or is too far behind, which ends it. Settled waits for a message of another kind, or until
  // kMaxSettledAlone wait.
  bool Queue(v1::ControllerMessage message);
  void End(const absl::Status& status);
  // Ends what has lasted too long: see SessionTable::Sweep.
  void Check(Time now, std::chrono::system_clock::time_point wall);

  SessionId id() const { return id_; }
  const std::string& peer() const { return peer_; }
  const CertificateInfo& certificate() const { return certificate_; }
  // By how much the node's clock was ahead of ours when its Hello came, the way of the Hello not counted; nothing if that was not told.
  std::optional<Duration> clock_ahead() const { return clock_ahead_; }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  AgentSession(grpc::CallbackServerContext& context, CertificateInfo certificate,
               std::vector<std::string> names, SessionTable& table);

  // How long the message has to wait, for its like came too often.
  Duration WaitFor(const AgentMessage& message);
  void HandleLater(AgentMessage message, Duration wait);
  void OnAlarm(AgentMessage message, bool is_due);
  void Handle(AgentMessage message);

  absl::Status Take(AgentMessage message);
  absl::Status Take(const Hello& hello);
  absl::Status Take(Report report);
  absl::Status Take(const NodeStatus& status);
  absl::Status CheckNode(const std::string& node) const;

  bool IsWorthSending(v1::ControllerMessage& message) MUSTER_REQUIRES(mutex_);
  void StartNextWrite() MUSTER_REQUIRES(mutex_);
  void EndLocked(const absl::Status& status) MUSTER_REQUIRES(mutex_);
  // If the session is to end, and nothing is under way.
  void FinishIfQuiet() MUSTER_REQUIRES(mutex_);
  std::string Source() const;

  grpc::CallbackServerContext& context_;  // alive until Finish is called
  const CertificateInfo certificate_;
  const std::vector<std::string> names_;
  const std::string peer_;
  SessionTable& table_;
  SessionId id_ = 0;                    // set once, before anything is started
  Time started_{};                      // likewise
  std::shared_ptr<AgentSession> self_;  // dropped in OnDone

  // Reactions of reads only, and OnDone after them.
  v1::AgentMessage incoming_;
  std::string node_;  // empty before Hello
  std::optional<Duration> clock_ahead_;
  Pace report_pace_{kReportBurst, kReportInterval};

  Mutex mutex_;
  bool has_hello_ MUSTER_GUARDED_BY(mutex_) = false;
  // A message waits, or is handled after it: gRPC knows nothing of it, so Finish must not be called.
  bool is_delayed_ MUSTER_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::Alarm> alarm_ MUSTER_GUARDED_BY(mutex_);
  google::protobuf::RepeatedPtrField<v1::Settled> settled_ MUSTER_GUARDED_BY(mutex_);
  std::deque<v1::ControllerMessage> outbox_ MUSTER_GUARDED_BY(mutex_);
  v1::ControllerMessage writing_;  // gRPC's while a write is in flight
  bool is_writing_ MUSTER_GUARDED_BY(mutex_) = false;
  Time write_started_ MUSTER_GUARDED_BY(mutex_){};
  std::optional<absl::Status> end_ MUSTER_GUARDED_BY(mutex_);
  bool is_finished_ MUSTER_GUARDED_BY(mutex_) = false;
};

}  // namespace muster
