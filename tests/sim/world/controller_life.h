// One life of the controller.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "controller/runner/runner_core.h"
#include "tests/sim/world/controller.h"

namespace muster::sim {

class Controller::Life final : public Transport {
 public:
  Life(World& world, Controller& controller, uint64_t number);

  void Die();
  bool is_dead() const { return is_dead_; }
  bool Put(Mail mail);
  void OnAgentMessage(LinkId link, const AgentMessage& message);
  void OnAgentGone(LinkId link);

  Time Now() const;
  Time started() const { return wall_; }
  const std::map<std::string, SessionId>& attached() const { return attached_; }
  const Engine& engine() const { return core_.engine(); }
  bool is_idle() const { return waiting_ == 0 && !is_committing_; }

  // Transport.
  bool Send(SessionId session, const ControllerMessage& message) override;
  void Close(SessionId session, const std::string& why) override;

  // Nothing waits from now on.
  void SendAllSettled();

  void AnswersBegin();

 private:
  struct Session {
    LinkId link = 0;
    std::string node;
    std::vector<Settled> settled;  // that wait for a message of another kind
  };

  bool SendNow(SessionId id, const ControllerMessage& message);
  void Wake(Duration when);
  void RunBatch();
  void Note(const Mail& mail);
  void Commit();
  void FinishCommit();
  bool Apply();
  void Deliver();
  void EndBatch();
  bool DiesHere(Death death);
  void BurySoon();
  void Attach(LinkId link, const Hello& hello);
  void End(SessionId id);
  void After(Duration delay, void (Life::*what)());

  World& world_;
  Controller& controller_;
  const uint64_t number_;
  const Duration began_;
  const Time wall_;
  NodeRegistry registry_;
  Mailbox mailbox_;
  RunnerCore core_;
  bool is_dead_ = false;

  std::map<SessionId, Session> sessions_;
  std::map<LinkId, SessionId> by_link_;
  std::map<std::string, SessionId> newest_;
  std::map<std::string, SessionId> attached_;
  SessionId last_session_ = 0;

  size_t waiting_ = 0;  // mail
  bool is_committing_ = false;
  std::optional<Duration> wake_at_;
  std::optional<uint64_t> sends_to_live_;
  Duration idle_since_{};
  uint32_t idle_batches_ = 0;  // at that time, with no mail and nothing to commit
};

}  // namespace muster::sim
