#include "tests/sim/world/machine.h"

#include <algorithm>
#include <utility>

#include "tests/sim/world/agent_process.h"
#include "tests/sim/world/world.h"

namespace muster::sim {

Machine::Machine(World& world, std::string node, bool is_ledger_volatile)
    : world_(world),
      node_(std::move(node)),
      is_ledger_volatile_(is_ledger_volatile),
      random_(world.random().Fork()),
      disk_(random_.Fork(), [this] { return Step(); }),
      systemd_(world.agenda(), random_.Fork(), *this) {}

Machine::~Machine() = default;

std::optional<LinkId> Machine::link() const {
  return process_ == nullptr ? std::nullopt : process_->link();
}

Duration Machine::uptime() const { return world_.now() - booted_; }

void Machine::PowerOn() {
  if (is_on_) return;
  is_on_ = true;
  boot_id_ = random_.Hex(32);
  // The units are up for a while when the agent starts; no boot is shorter.
  booted_ = world_.now() - random_.Between(1s, 30s);
  bus_last_ = bus_stalled_until_ = bus_lost_until_ = Duration(0);
  world_.Note("boot", node_, boot_id_);
  systemd_.Boot();
  StartAgent();
}

void Machine::PowerOff() {
  if (!is_on_) return;
  world_.Note("power-off", node_);
  if (process_ != nullptr) process_->Die(true);
  Bury();
  is_on_ = false;
  systemd_.PowerOff();
  if (is_ledger_volatile_) {
    disk_.Wipe();
  } else {
    disk_.CutPower();
  }
}

void Machine::Reimage() {
  world_.Note("reimage", node_);
  disk_.Wipe();
}

void Machine::StartAgent() {
  if (!is_on_ || process_ != nullptr) return;
  ++life_;
  process_ = std::make_unique<AgentProcess>(world_, *this, life_);
  world_.Note("agent-start", node_, life_);
  if (!process_->Begin()) {
    // Its ledger could not be opened; systemd starts it again.
    Bury();
    world_.agenda().After(1s, [this, life = life_] {
      if (life_ == life) StartAgent();
    });
  }
}

void Machine::KillAgent() {
  if (process_ == nullptr) return;
  process_->Die(false);
  Bury();
}

bool Machine::Step() {
  if (process_ == nullptr) return true;
  if (process_->is_dead()) return false;
  if (!steps_to_live_) return true;
  if (*steps_to_live_ > 0) {
    --*steps_to_live_;
    return true;
  }
  steps_to_live_.reset();
  process_->Die(false);
  // We are in the middle of its work.
  if (power_cut_) {
    world_.agenda().After(Duration(0), [this] { PowerOff(); });
    world_.agenda().After(*std::exchange(power_cut_, std::nullopt), [this] { PowerOn(); });
    return false;
  }
  // systemd starts it again after a moment.
  world_.agenda().After(Duration(0), [this, life = life_] {
    if (life_ == life) Bury();
  });
  world_.agenda().After(random_.Between(100ms, 5s), [this, life = life_] {
    if (life_ == life) StartAgent();
  });
  return false;
}

void Machine::Bury() { process_.reset(); }

void Machine::StallBus(Duration length) { bus_stalled_until_ = world_.now() + length; }

void Machine::LoseBus(Duration length) {
  bus_lost_until_ = world_.now() + length;
  if (process_ != nullptr) process_->OnBusLost();
}

size_t Machine::held_count() const { return process_ == nullptr ? 0 : process_->held_count(); }

bool Machine::Holds(const AttemptKey& key) const {
  return process_ != nullptr && process_->Holds(key);
}

void Machine::OnLinkUp(LinkId link) {
  if (process_ != nullptr) process_->OnLinkUp(link);
}

void Machine::OnLinkMessage(LinkId link, const ControllerMessage& message, uint64_t clock_ns) {
  if (process_ != nullptr) process_->OnLinkMessage(link, message, clock_ns);
}

void Machine::OnLinkDown(LinkId link) {
  if (process_ != nullptr) process_->OnLinkDown(link);
}

void Machine::OnJobRemoved(const std::string& unit, uint32_t job, const std::string& result) {
  world_.Note("job-removed", node_, unit, job, result);
  if (process_ != nullptr) process_->OnJobRemoved(unit, job, result);
}

void Machine::OnTouched(const AttemptKey& key, const std::string& unit) {
  world_.Note("touched", node_, unit, key.task, key.attempt);
  for (Checker* checker : world_.checkers()) checker->OnTouched(*this, key);
}

void Machine::OnStarted(const AttemptKey& key, const std::string& unit) {
  world_.Note("started", node_, unit, key.task, key.attempt);
  for (Checker* checker : world_.checkers()) checker->OnStarted(*this, key);
}

}  // namespace muster::sim
