#include "tests/sim/world/agent_process.h"

#include <algorithm>
#include <utility>

#include "common/limits.h"
#include "tests/sim/world/machine.h"
#include "tests/sim/world/world.h"

namespace muster::sim {
namespace {

// As agent/uplink/reconnect_delay.cc has it.
constexpr Duration kBackoffCap = 60s;
constexpr uint32_t kMaxDoublings = 6;
// D-Bus's own deadline for a call.
constexpr Duration kCallTimeout = 25s;

}  // namespace

AgentProcess::AgentProcess(World& world, Machine& machine, uint64_t life)
    : world_(world), machine_(machine), life_(life), random_(machine.random_.Fork()) {}

AgentProcess::~AgentProcess() = default;

bool AgentProcess::Begin() {
  absl::StatusOr<std::unique_ptr<DirectoryLedger>> ledger =
      DirectoryLedger::Open(machine_.kLedgerPath_, machine_.disk_);
  if (!ledger.ok()) return false;
  ledger_ = *std::move(ledger);
  machine_.incarnation_ = ledger_->incarnation();
  for (const LedgerEntry& entry : ledger_->Load()) {
    if (!entry.outcome) working_[entry.intent.unit] = entry.intent.key;
  }
  AgentCore::Config config;
  config.node = machine_.node_;
  config.boot_id = machine_.boot_id_;
  const std::vector<std::string> units = machine_.systemd_.units();
  config.policy_units = {units.begin(), units.end()};
  core_.reset(new AgentCore(std::move(config), *this, *this, *this));  // whose bases are private
  core_->Start(*this, children_, *this);
  return true;
}

bool AgentProcess::Holds(const AttemptKey& key) const {
  const std::vector<AttemptKey> held = core_->executor().Held();
  return std::find(held.begin(), held.end(), key) != held.end();
}

void AgentProcess::Die(bool is_silent) {
  if (is_dead_) return;
  is_dead_ = true;
  world_.Note("agent-dies", machine_.node_, life_);
  if (link_) world_.network().CloseByAgent(*link_, is_silent);
  // What the kernel had taken arrives.
  const uint64_t first_lost = last_request_ + 1 - random_.Below(unanswered_.size() + 1);
  for (const auto& [id, fail] : unanswered_) {
    if (id >= first_lost) machine_.lost_requests_.emplace(life_, id);
  }
}

uint64_t AgentProcess::BoottimeNs() const {
  return static_cast<uint64_t>(machine_.uptime().count());
}

void AgentProcess::At(Duration when, std::function<void()> what) {
  world_.agenda().At(when, [&machine = machine_, life = life_, what = std::move(what)] {
    if (machine.process_ == nullptr || machine.life_ != life || machine.process_->is_dead_) return;
    what();
  });
}

void AgentProcess::Take(std::function<void()> what) {
  if (is_dead_) return;
  if (world_.now() < busy_until_) {
    return At(busy_until_, [this, what = std::move(what)] { Take(what); });
  }
  what();
}

void AgentProcess::OnChanged() {
  if (is_dead_) return;
  const std::optional<Time> next = core_->NextDeadline();
  if (!next) return timer_.reset();
  const Duration when = machine_.booted_ + next->time_since_epoch();
  if (timer_ == when) return;
  timer_ = when;
  At(when, [this, when] {
    if (timer_ != when) return;
    timer_.reset();
    Take([this] { core_->OnDeadline(); });
  });
}

// The stream.

void AgentProcess::Connect() {
  if (is_dead_) return;
  link_ = world_.network().Connect(machine_);
  world_.Note("connect", machine_.node_, *link_);
  is_connected_ = false;
}

void AgentProcess::Reconnect() {
  link_.reset();
  is_connected_ = false;
  const Duration fleet =
      std::max<Duration>(limits::kReconnectMin,
                         static_cast<int64_t>(world_.node_count()) * limits::kReconnectPerAgent);
  const Duration doubled = fleet * (1u << std::min(failures_++, kMaxDoublings));
  const Duration window = std::max(fleet, std::min(doubled, kBackoffCap));
  At(world_.now() + random_.Between(1ms, window), [this] { Connect(); });
}

void AgentProcess::OnLinkUp(LinkId link) {
  if (is_dead_ || link_ != link) return;
  is_connected_ = true;
  world_.Note("link-up", machine_.node_, link);
  Take([this, link] {
    if (link_ == link) core_->OnUp();
  });
}

void AgentProcess::OnLinkMessage(LinkId link, const ControllerMessage& message, uint64_t clock_ns) {
  if (is_dead_ || link_ != link) return;
  if (world_.now() >= busy_until_) {
    failures_ = 0;
    return core_->OnMessage(message, clock_ns);
  }
  Take([this, link, message, clock_ns] {
    if (link_ == link) core_->OnMessage(message, clock_ns);
  });
}

void AgentProcess::OnLinkDown(LinkId link) {
  if (is_dead_ || link_ != link) return;
  const bool was_up = is_connected_;
  world_.Note("link-down", machine_.node_, link);
  Reconnect();
  if (was_up) Take([this] { core_->OnDown("the stream has ended"); });
}

void AgentProcess::Send(const AgentMessage& message) {
  if (is_dead_ || !link_ || !machine_.Step()) return;
  world_.network().SendUp(*link_, message);
}

void AgentProcess::Reject(const std::string&) {
  if (is_dead_ || !link_) return;
  world_.Note("reject", machine_.node_);
  world_.network().CloseByAgent(*link_, false);
  Reconnect();
  At(world_.now(), [this] { Take([this] { core_->OnDown("the controller is stale"); }); });
}

// systemd.

void AgentProcess::Request(std::function<void(bool)> ask, std::function<void(bool)> fail) {
  if (is_dead_ || !machine_.Step()) return;
  const Duration now = world_.now();
  if (now < machine_.bus_lost_until_) {
    return At(now + 1ms, [this, fail = std::move(fail)] { Take([fail] { fail(false); }); });
  }
  const Duration arrives = std::max(
      {machine_.bus_last_, machine_.bus_stalled_until_, now + random_.Between(50us, 500us)});
  machine_.bus_last_ = arrives;
  const uint64_t id = ++last_request_;
  unanswered_.emplace(id, std::move(fail));
  world_.agenda().At(arrives, [&machine = machine_, life = life_, id, boot = machine_.booted_,
                               ask = std::move(ask)] {
    if (!machine.is_on_ || machine.booted_ != boot) return;
    AgentProcess* const process = machine.process_.get();
    const bool is_alive = process != nullptr && machine.life_ == life && !process->is_dead_;
    if (is_alive && process->unanswered_.erase(id) > 0) {
      process->Take([ask] { ask(true); });
    } else if (machine.lost_requests_.erase({life, id}) == 0) {
      ask(false);
    }
  });
  if (arrives <= now + kCallTimeout) return;
  At(now + kCallTimeout, [this, id] {
    const auto it = unanswered_.find(id);
    if (it == unanswered_.end()) return;
    const std::function<void(bool)> give_up = std::move(it->second);
    unanswered_.erase(it);
    Take([give_up] { give_up(true); });
  });
}

void AgentProcess::Watch(const std::string& unit, std::function<void(absl::Status)> done) {
  watched_.insert(unit);
  Request(
      [done](bool is_awaited) {
        if (is_awaited) done(absl::OkStatus());
      },
      [done](bool) { done(absl::UnavailableError("the system bus is lost")); });
}

void AgentProcess::Unwatch(const std::string& unit) { watched_.erase(unit); }

void AgentProcess::Inspect(const std::string& unit,
                           std::function<void(absl::StatusOr<UnitState>)> done) {
  Request(
      [&machine = machine_, unit, done](bool is_awaited) {
        if (is_awaited) done(machine.systemd_.Inspect(unit));
      },
      [done](bool) { done(absl::UnavailableError("the system bus is lost")); });
}

void AgentProcess::Restart(const std::string& unit, std::function<void(RestartAnswer)> done) {
  std::optional<AttemptKey> key;
  if (const auto it = working_.find(unit); it != working_.end()) key = it->second;
  for (Checker* checker : world_.checkers()) checker->OnCall(machine_, unit, key);
  Request(
      [&machine = machine_, unit, key, done](bool is_awaited) {
        RestartAnswer answer = machine.systemd_.Restart(unit, key);
        if (is_awaited) done(std::move(answer));
      },
      [done](bool was_sent) {
        done({0,
              was_sent ? "org.freedesktop.DBus.Error.NoReply"
                       : "org.freedesktop.DBus.Error.Disconnected",
              "the system bus is lost"});
      });
}

void AgentProcess::OnJobRemoved(const std::string& unit, uint32_t job, const std::string& result) {
  if (is_dead_ || !watched_.contains(unit) || world_.now() < machine_.bus_lost_until_) return;
  // Signals and answers come in one order.
  At(world_.now(), [this, unit, job, result] {
    Take([this, unit, job, result] { core_->OnJobRemoved(unit, job, result); });
  });
}

void AgentProcess::OnBusLost() {
  if (is_dead_) return;
  const uint64_t first_lost = last_request_ + 1 - random_.Below(unanswered_.size() + 1);
  for (auto& [id, fail] : std::exchange(unanswered_, {})) {
    if (id >= first_lost) machine_.lost_requests_.emplace(life_, id);
    At(world_.now(), [this, fail = fail] { Take([fail] { fail(true); }); });
  }
  At(machine_.bus_lost_until_, [this] {
    if (world_.now() < machine_.bus_lost_until_) return;
    const std::vector<std::string> units(watched_.begin(), watched_.end());
    for (const std::string& unit : units) Take([this, unit] { core_->OnWatchRestored(unit); });
  });
}

// The ledger.

absl::Status AgentProcess::WriteIntent(const Intent& intent) {
  if (is_dead_) return absl::UnavailableError("dead");
  busy_until_ = world_.now() + machine_.disk_delay_;
  const absl::Status status = ledger_->WriteIntent(intent);
  if (status.ok()) working_[intent.unit] = intent.key;
  return status;
}

absl::Status AgentProcess::WriteOutcome(const AttemptKey& key, const Outcome& outcome) {
  if (is_dead_) return absl::UnavailableError("dead");
  busy_until_ = world_.now() + machine_.disk_delay_;
  world_.Note("outcome", machine_.node_, key.task, key.attempt, Name(outcome.state),
              Name(outcome.reason));
  for (Checker* checker : world_.checkers()) checker->OnOutcome(machine_, key, outcome);
  std::erase_if(working_, [&key](const auto& entry) { return entry.second == key; });
  return ledger_->WriteOutcome(key, outcome);
}

absl::Status AgentProcess::Settle(const AttemptKey& key) {
  if (is_dead_) return absl::UnavailableError("dead");
  busy_until_ = world_.now() + machine_.disk_delay_;
  return ledger_->Settle(key);
}

}  // namespace muster::sim
