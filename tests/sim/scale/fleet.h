// The agents of a run at scale: a few bytes each, so that a million fit. They attach, take one command at a time, report, hold what is not
// settled, and come back when the controller or their connection is gone. What a real agent does is simulated in tests/sim/world.
//
// Of each thousand one agent never attaches, one fails, one loses its power with the command, and of one the connection breaks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/messages.h"
#include "controller/session/transport.h"
#include "tests/sim/scale/controller.h"
#include "tests/sim/world/agenda.h"
#include "tests/sim/world/random.h"

namespace muster::sim {

class ScaleFleet final : public Transport {
 public:
  ScaleFleet(Agenda& agenda, uint32_t nodes, uint64_t seed);

  // The controller is started for the first time, or again: who can attaches.
  void OnStart(ScaleController& controller);
  // How the task of that job on each node must end.
  TaskState ExpectedEnd(uint32_t index) const;
  std::string NodeName(uint32_t index) const;

  uint32_t size() const { return static_cast<uint32_t>(agents_.size()); }
  uint32_t attached() const { return attached_; }
  uint32_t present() const { return present_; }  // that ever attach
  // A command that an agent took for the second time, or for a node that is not its own.
  uint64_t wrong_commands() const { return wrong_commands_; }

  // Transport.
  bool Send(SessionId session, const ControllerMessage& message) override;
  void Close(SessionId session, const std::string&) override;

 private:
  enum class Kind : uint8_t { kGood, kAbsent, kFails, kLosesPower, kBreaks };
  enum class State : uint8_t { kIdle, kRuns, kHasEnded, kIsOff };
  struct Agent {
    uint32_t life = 0;  // how often it attached
    uint32_t attempt = 0;
    Kind kind = Kind::kGood;
    State state = State::kIdle;
    bool is_attached = false;
  };

  static Kind KindOf(uint32_t index);
  SessionId SessionOf(uint32_t index) const;
  Hello HelloOf(uint32_t index) const;
  AttemptKey KeyOf(uint32_t index) const;
  Outcome OutcomeOf(uint32_t index) const;

  void AttachSoon(uint32_t index);
  void Attach(uint32_t index);
  void Detach(uint32_t index);
  void OnCommand(uint32_t index, const Command& command);
  void OnSettled(uint32_t index, const Settled& settled);
  void Progress(uint32_t index);
  void End(uint32_t index);
  void LosePower(uint32_t index);
  void Report(uint32_t index, std::optional<Outcome> outcome);

  Agenda& agenda_;
  Random random_;
  ScaleController* controller_ = nullptr;
  const Duration attach_window_;
  std::vector<Agent> agents_;
  std::string job_;  // of the newest command
  uint32_t attached_ = 0;
  uint32_t present_ = 0;
  uint64_t wrong_commands_ = 0;
};

}  // namespace muster::sim
