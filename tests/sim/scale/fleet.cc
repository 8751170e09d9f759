#include "tests/sim/scale/fleet.h"

#include <fmt/format.h>

#include <utility>

#include "common/limits.h"
#include "common/work.h"

namespace muster::sim {
namespace {

// All attach within this much for each of them: twenty times as fast as limits::kReconnectPerAgent allows, which is made for the
// handshakes that there are none of here.
constexpr Duration kAttachPerAgent = std::chrono::microseconds(100);
// From the command to its outcome: a start, and the settle time.
constexpr Duration kShortest = 6s;
constexpr Duration kLongest = 15s;
constexpr Duration kUntilTrouble = 1s;
constexpr Duration kBrokenFor = 60s;
constexpr uint32_t kOfEach = 1000;

}  // namespace

ScaleFleet::ScaleFleet(Agenda& agenda, uint32_t nodes, uint64_t seed)
    : agenda_(agenda), random_(seed), attach_window_(nodes * kAttachPerAgent), agents_(nodes) {
  for (uint32_t i = 0; i < nodes; ++i) {
    agents_[i].kind = KindOf(i);
    if (agents_[i].kind != Kind::kAbsent) ++present_;
  }
}

ScaleFleet::Kind ScaleFleet::KindOf(uint32_t index) {
  switch (index % kOfEach) {
    case 1:
      return Kind::kAbsent;
    case 2:
      return Kind::kFails;
    case 3:
      return Kind::kLosesPower;
    case 4:
      return Kind::kBreaks;
    default:
      return Kind::kGood;
  }
}

TaskState ScaleFleet::ExpectedEnd(uint32_t index) const {
  switch (agents_[index].kind) {
    case Kind::kAbsent:
      return TaskState::kUndelivered;
    case Kind::kFails:
      return TaskState::kFailed;
    case Kind::kLosesPower:
      return TaskState::kLost;
    case Kind::kGood:
    case Kind::kBreaks:
      break;
  }
  return TaskState::kSucceeded;
}

// 256 in a cabinet.
std::string ScaleFleet::NodeName(uint32_t index) const {
  return fmt::format("x{}c{}s{}b{}n{}", 1000 + index / 256, index / 32 % 8, index / 4 % 8,
                     index / 2 % 2, index % 2);
}

SessionId ScaleFleet::SessionOf(uint32_t index) const {
  return SessionId{agents_[index].life} << 32 | index;
}

AttemptKey ScaleFleet::KeyOf(uint32_t index) const {
  return {TaskName(job_, NodeName(index)), agents_[index].attempt};
}

Hello ScaleFleet::HelloOf(uint32_t index) const {
  const Agent& agent = agents_[index];
  Hello hello;
  hello.node = NodeName(index);
  hello.incarnation = fmt::format("{:032x}", index);
  hello.boot_id = hello.incarnation;
  hello.agent_version = "1.0.0";
  hello.features = {kRestartUnitFeature, kInspectFeature, kRestartSinceFeature};
  hello.aliases = {fmt::format("nid{:06}-nmn", index + 1)};
  if (agent.state == State::kRuns || agent.state == State::kHasEnded) hello.held = {KeyOf(index)};
  return hello;
}

Outcome ScaleFleet::OutcomeOf(uint32_t index) const {
  const bool fails = agents_[index].kind == Kind::kFails;
  UnitState unit;
  unit.unit = "cray-orca.service";
  unit.load_state = "loaded";
  unit.active_state = fails ? "failed" : "active";
  unit.sub_state = fails ? "failed" : "running";
  unit.result = fails ? "exit-code" : "success";
  unit.invocation_id = fmt::format("{:032x}", index);
  Outcome outcome;
  outcome.state = fails ? OutcomeState::kFailed : OutcomeState::kSucceeded;
  outcome.reason = fails ? Reason::kExitCode : Reason::kNone;
  outcome.detail = fails ? "cray-orca.service: exit code 1"
                         : "cray-orca.service was restarted and is active/running";
  outcome.evidence.before = unit;
  outcome.evidence.after = unit;
  outcome.evidence.job_result = fails ? "failed" : "done";
  outcome.evidence.duration = 7s;
  return outcome;
}

// What is put on the agenda is small enough for std::function to keep in itself, so that it takes no memory that would be measured.
void ScaleFleet::OnStart(ScaleController& controller) {
  controller_ = &controller;
  attached_ = 0;
  for (uint32_t i = 0; i < size(); ++i) {
    agents_[i].is_attached = false;
    AttachSoon(i);
  }
}

void ScaleFleet::AttachSoon(uint32_t index) {
  agenda_.After(random_.Between(0s, attach_window_), [this, index] { Attach(index); });
}

void ScaleFleet::Attach(uint32_t index) {
  Agent& agent = agents_[index];
  if (agent.is_attached || agent.kind == Kind::kAbsent || agent.state == State::kIsOff) return;
  ++agent.life;
  if (!controller_->Put(Event(SessionUp{SessionOf(index), HelloOf(index)}))) {
    return AttachSoon(index);
  }
  agent.is_attached = true;
  ++attached_;
  if (agent.state == State::kHasEnded) Report(index, OutcomeOf(index));
}

void ScaleFleet::Detach(uint32_t index) {
  if (!agents_[index].is_attached) return;
  agents_[index].is_attached = false;
  --attached_;
  controller_->Put(Event(SessionDown{SessionOf(index), NodeName(index)}));
}

bool ScaleFleet::Send(SessionId session, const ControllerMessage& message) {
  const auto index = static_cast<uint32_t>(session);
  if (!agents_[index].is_attached || SessionOf(index) != session) return false;
  if (const auto* command = std::get_if<Command>(&message)) OnCommand(index, *command);
  if (const auto* settled = std::get_if<Settled>(&message)) OnSettled(index, *settled);
  return true;
}

void ScaleFleet::Close(SessionId session, const std::string&) {
  const auto index = static_cast<uint32_t>(session);
  if (SessionOf(index) == session) Detach(index);
}

void ScaleFleet::OnCommand(uint32_t index, const Command& command) {
  Agent& agent = agents_[index];
  if (agent.state != State::kIdle || command.node != NodeName(index)) ++wrong_commands_;
  const size_t id_begin = sizeof "jobs/" - 1;
  job_.assign(command.key.task, id_begin, command.key.task.find('/', id_begin) - id_begin);
  agent.state = State::kRuns;
  agent.attempt = command.key.attempt;
  if (agent.kind == Kind::kLosesPower) {
    agenda_.After(kUntilTrouble, [this, index] { LosePower(index); });
  } else if (agent.kind == Kind::kBreaks) {
    agenda_.After(kUntilTrouble, [this, index] { Detach(index); });
    agenda_.After(kUntilTrouble + kBrokenFor, [this, index] { Attach(index); });
  }
  agenda_.After(limits::kProgressAfter, [this, index] { Progress(index); });
  agenda_.After(random_.Between(kShortest, kLongest), [this, index] { End(index); });
}

void ScaleFleet::OnSettled(uint32_t index, const Settled& settled) {
  Agent& agent = agents_[index];
  const bool is_it = agent.state == State::kHasEnded && settled.key == KeyOf(index);
  if (is_it) agent.state = State::kIdle;
}

void ScaleFleet::LosePower(uint32_t index) {
  agents_[index].state = State::kIsOff;
  Detach(index);
}

void ScaleFleet::Progress(uint32_t index) {
  const Agent& agent = agents_[index];
  if (agent.is_attached && agent.state == State::kRuns) Report(index, std::nullopt);
}

void ScaleFleet::End(uint32_t index) {
  Agent& agent = agents_[index];
  if (agent.state != State::kRuns) return;
  agent.state = State::kHasEnded;
  if (agent.is_attached) Report(index, OutcomeOf(index));
}

// A full mailbox ends the session, as it does in AgentSession.
void ScaleFleet::Report(uint32_t index, std::optional<Outcome> outcome) {
  muster::Report report{NodeName(index), KeyOf(index), std::move(outcome)};
  if (controller_->Put(Event(ReportReceived{SessionOf(index), std::move(report)}))) return;
  Detach(index);
  AttachSoon(index);
}

}  // namespace muster::sim
