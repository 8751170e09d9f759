// A small machine for operations: the controller's core with its store, agents that restart units, and the services of CSM, all in one
// time that the test owns. What nodes and services do is the test's to say.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/runner/runner_core.h"

namespace muster {

inline const Time kBegin = Time(std::chrono::hours(24 * 365 * 56));

// What the store holds, as the engine and the operations see it.
class MemoryStore {
 public:
  void Commit(const std::vector<Record>& records, const std::vector<OperationRecord>& operations);
  Loaded Load() const;
  LoadedOperations LoadOperations() const;

  const std::map<std::string, StoredJob>& jobs() const { return jobs_; }
  const std::map<std::string, OperationRecord>& operations() const { return operations_; }
  // Every status of an operation that was ever committed, in order.
  const std::vector<OperationStatus>& history() const { return history_; }

 private:
  std::map<std::string, StoredJob> jobs_;
  std::map<std::string, OperationRecord> operations_;
  std::vector<OperationStatus> history_;
  std::map<std::string, NodeSeen> nodes_;
};

// The services of CSM, as they are now.
struct Services {
  HmnfdProbed::State hmnfd = HmnfdProbed::State::kReady;
  std::string hmnfd_detail = "readiness is 503";
  Duration latency = 10ms;  // of a probe
  Subscribers subscribers;  // HMNFD's list
  absl::Status list = absl::OkStatus();
  absl::StatusOr<bool> has_hmnfd_at_hsm = true;
  absl::Status rollout = absl::OkStatus();
  Duration rollout_duration = 20s;
  absl::StatusOr<std::vector<std::string>> cps_servers = std::vector<std::string>();
  absl::Status bos_session = absl::OkStatus();  // what comes of making one
};

// What the unit of a node does when it is restarted: how the attempt ends, after `duration`.
struct Restarted {
  Outcome outcome{OutcomeState::kSucceeded, Reason::kNone, "restarted", {}};
  Duration duration = 6s;
};

class World : private Transport, private ServiceCaller, private ContentRecords {
 public:
  enum class Crash { kNone, kBeforeCommit, kBeforeDeliver };

  explicit World(std::vector<std::string> nodes);

  Time now() const { return now_; }
  void At(Duration later, std::function<void()> what) { agenda_.emplace(now_ + later, what); }
  // Lives on for so long, or until `is_enough`.
  void Pass(
      Duration duration, const std::function<bool()>& is_enough = [] { return false; });

  // What an operator asks; the answer, if it came at once.
  using Answer = std::optional<absl::StatusOr<std::string>>;
  Answer Submit(const ResubscriptionSpec& resubscription, const std::string& id = "o1",
                const std::string& request_id = "r1", const std::string& digest = "d1");
  Answer Submit(const ContentSpec& content, const std::string& id);
  Answer Cancel(const std::string& id = "o1", const std::string& by = "alice");
  Answer ActOnJob(JobAction action, const std::string& job = "j1");

  // The controller dies and is started again with what was committed; the agents come back.
  void RestartController();
  void Attach(const std::string& node);
  void Detach(const std::string& node);

  // ---- the test's

  Services services;
  // Default: the node is subscribed at once, as agent "orca".
  std::function<Restarted(const std::string& node, uint32_t attempt)> on_restart;
  // What a command on content comes to.
  std::function<Restarted(const Command&)> on_content;
  // What BOS says of a session. Default: it is complete, and all is well.
  std::function<absl::StatusOr<BosProgress>(const BosSession&)> on_look_at_bos;
  // After a rollout of HMNFD or BSS that went well.
  std::function<void(ServiceCall)> on_rollout = [](ServiceCall) {};
  // Whether the controller dies in this batch.
  std::function<Crash()> on_batch = [] { return Crash::kNone; };
  EngineConfig engine_config;

  // ---- what came of it

  const MemoryStore& store() const { return store_; }
  const OperationStatus& status(const std::string& id = "o1") const {
    return store_.operations().at(id).status;
  }
  bool is_over() const { return IsTerminal(status().state); }
  const Task& TaskOf(const std::string& node) const;
  const std::set<std::string>& restarted() const { return restarted_; }
  size_t CallsOf(ServiceCall call) const;
  // Each that was made, by its name.
  const std::map<std::string, BosSession>& bos_sessions() const { return bos_sessions_; }
  size_t NotesWith(const std::string& text) const;
  std::optional<Time> NextDeadline() const { return core_->NextDeadline(); }
  size_t restarts_while_not_ready() const { return restarts_while_not_ready_; }

  void Take(std::vector<Mail> mails);

 private:
  struct Held {
    std::optional<Outcome> outcome;
  };
  struct Agent {
    SessionId session = 0;
    std::map<AttemptKey, Held> held;
  };

  bool Send(SessionId session, const ControllerMessage& message) override;
  void Close(SessionId, const std::string&) override {}
  void Start(const ServiceCallWanted& call) override;
  absl::StatusOr<ContentRecord> Of(const std::string& content, const std::string& node) override;

  Answer Submit(OperationSpec spec);
  void StartCore();
  void Execute(const Command& command);
  void Report(const std::string& node, const AttemptKey& key);
  void Answered(const ServiceCallWanted& call, Time asked);
  std::function<void()> IfAlive(std::function<void()> what);

  Time now_ = kBegin;
  std::multimap<Time, std::function<void()>> agenda_;
  std::map<std::string, Agent> agents_;
  MemoryStore store_;
  std::unique_ptr<NodeRegistry> registry_;
  std::unique_ptr<RunnerCore> core_;
  uint64_t life_ = 0;  // of the controller
  SessionId last_session_ = 0;
  std::vector<ServiceCallWanted> calls_;
  std::map<std::string, BosSession> bos_sessions_;
  std::set<std::string> restarted_;
  bool was_ready_ = false;  // as the controller was told last, in this life of its
  size_t restarts_while_not_ready_ = 0;
};

ResubscriptionSpec Asked(std::vector<std::string> nodes);
std::vector<std::string> Names(int count);

}  // namespace muster
