#include "agent/runner/agent_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/crash_point.h"
#include "common/log.h"
#include "common/version.h"

namespace muster {
namespace {

std::string Show(const AttemptKey& key) {
  return fmt::format("task={} attempt={}", key.task, key.attempt);
}

// A controller of version 1 takes no more than these.
void KeepUsualUnits(std::vector<UnitState>& units) {
  const std::vector<std::string> usual = UsualUnits();
  std::erase_if(units, [&](const UnitState& unit) {
    return std::find(usual.begin(), usual.end(), unit.unit) == usual.end();
  });
}

uint64_t WallClockNs() {
  const Duration since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::max(since_1970, Duration(0)).count());
}

}  // namespace

AgentCore::AgentCore(Config config, LedgerStore& ledger, const Clock& clock, Host& host)
    : config_(std::move(config)),
      ledger_(ledger),
      clock_(clock),
      host_(host),
      executor_({config_.node, ledger.incarnation(), config_.boot_id, config_.policy_units,
                 config_.content},
                ledger.Load()) {}

void AgentCore::Start(UnitManager& units, Children& children, Uplink& uplink) {
  units_ = &units;
  children_ = &children;
  uplink_ = &uplink;
  Actions actions;
  executor_.Start(Now(), &actions);
  for (const Action& action : actions) {
    std::visit([this](const auto& a) { Do(a); }, action);
  }
  host_.OnChanged();
  units_->Observe(config_.watched_units);
  uplink_->Start();
}

void AgentCore::Reconfigure(const Config& config) {
  config_.aliases = config.aliases;
  config_.policy_units = config.policy_units;
  config_.content = config.content;
  config_.watched_units = config.watched_units;
  executor_.SetPolicy(config_.policy_units, config_.content);
  units_->Observe(config_.watched_units);
  // What counts as content may be another, and so what is told of the mounts.
  watch_.OnUnitsChanged(Now());
  host_.OnChanged();
}

void AgentCore::OnUp() {
  is_up_ = true;
  is_welcome_ = false;
  is_stale_ = false;
  transit_ = TransitClock();
  probe_.Start(*units_, config_.watched_units, Now(),
               [this](StatusProbe::Seen seen) { SendHello(std::move(seen)); });
  host_.OnChanged();
}

void AgentCore::SendHello(StatusProbe::Seen seen) {
  if (!is_up_) return;
  Hello hello;
  hello.node = config_.node;
  hello.incarnation = ledger_.incarnation();
  hello.boot_id = config_.boot_id;
  hello.agent_version = kVersion;
  hello.protocol_version = version_;
  hello.features = Executor::Features();
  hello.aliases = config_.aliases;
  hello.held = executor_.Held();
  hello.status = StatusNow(std::move(seen.units));
  hello.seen_epoch = ledger_.epoch();
  if (TellsChanges()) {
    hello.wall_clock_ns = WallClockNs();
  } else {
    KeepUsualUnits(hello.status.units);
  }
  watch_.OnTold(hello.status);
  if (!seen.is_complete) watch_.OnUnitsChanged(Now());
  uplink_->Send(hello);
  host_.OnChanged();
}

NodeStatus AgentCore::StatusNow(std::vector<UnitState> units) const {
  NodeStatus status;
  status.node = config_.node;
  status.boot_age = Duration(clock_.BoottimeNs());
  status.units = std::move(units);
  status.mounted = ProjectedMounts(host_.ReadMountTable(), config_.content);
  return status;
}

void AgentCore::OnUnitsChanged() {
  watch_.OnUnitsChanged(Now());
  host_.OnChanged();
}

void AgentCore::OnMountsChanged() {
  watch_.OnMountsChanged(Now());
  host_.OnChanged();
}

void AgentCore::LookAtUnits() {
  probe_.Start(*units_, config_.watched_units, Now(), [this](StatusProbe::Seen seen) {
    if (!seen.is_complete) {
      // What systemd does not answer of is as it was told, and looked at again.
      seen.units = watch_.told().units;
      watch_.OnUnitsChanged(Now());
    }
    SendStatus(std::move(seen.units));
  });
}

void AgentCore::SendStatus(std::vector<UnitState> units) {
  if (!is_attached()) return;
  NodeStatus status = StatusNow(std::move(units));
  if (watch_.IsNews(status)) {
    watch_.OnTold(status);
    uplink_->Send(std::move(status));
  }
  host_.OnChanged();
}

void AgentCore::OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) {
  const Duration waited = transit_.Waited(sender_clock_ns, clock_.BoottimeNs());
  if (const auto* welcome = std::get_if<Welcome>(&message)) return OnWelcome(*welcome);
  if (is_stale_ || !is_welcome_) return;
  if (const auto* command = std::get_if<Command>(&message)) {
    if (command->node != config_.node) return;
    log::Info("command received {} work=\"{}\" waited_ms={}", Show(command->key),
              Describe(command->work), waited / 1ms);
    Take(CommandReceived{*command, waited, ledger_.Tombstone(command->key)});
  } else if (const auto* settled = std::get_if<Settled>(&message)) {
    CrashPoint("agent.settled-received");
    Take(SettledReceived{settled->key});
  } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
    Take(CancelReceived{cancel->key, ledger_.Tombstone(cancel->key)});
  }
}

void AgentCore::OnWelcome(const Welcome& welcome) {
  if (welcome.node != config_.node) return;
  if (IsStale(welcome.epoch)) {
    is_stale_ = true;
    host_.OnChanged();
    log::Error(
        "the controller is at epoch {} of store {}, and this agent has seen epoch {}: the "
        "controller's state directory is a restored backup or a copy, so it is not obeyed. If it "
        "is the one that counts, start musterd once with --restored",
        welcome.epoch.counter, welcome.epoch.store_id, ledger_.epoch()->counter);
    return uplink_->Reject("is stale");
  }
  if (LeavesForNewer(welcome)) return uplink_->Reject("speaks our protocol version after all");
  is_welcome_ = true;
  has_left_for_newer_ = false;
  log::Info("attached node={} incarnation={} epoch={} held={}", config_.node, ledger_.incarnation(),
            welcome.epoch.counter, executor_.Held().size());
  Take(Welcomed{});
}

// We said that we speak the version before ours, to one that speaks ours. Once: with several controllers we may never meet the one that
// refused us again.
bool AgentCore::LeavesForNewer(const Welcome& welcome) {
  if (version_ >= kProtocolVersion || welcome.protocol_version < kProtocolVersion) return false;
  if (has_left_for_newer_) return false;
  has_left_for_newer_ = true;
  version_ = kProtocolVersion;
  return true;
}

bool AgentCore::IsStale(const Epoch& epoch) {
  const std::optional<Epoch> known = ledger_.epoch();
  if (known == epoch) return false;
  if (known && known->store_id == epoch.store_id && epoch.counter < known->counter) return true;
  if (known && known->store_id != epoch.store_id) {
    log::Warning(
        "the controller has a new store, {} in place of {}: it does not know the jobs of the old "
        "one",
        epoch.store_id, known->store_id);
  }
  if (absl::Status status = ledger_.WriteEpoch(epoch); !status.ok()) {
    log::Warning("the controller's epoch is not recorded: {}", Message(status));
  }
  return false;
}

// It may also refuse us for another reason, which says the one and the other in turn. Each controller hears both, one after the other, or
// one that always refuses would take the older one from another that waits for it.
bool AgentCore::OnRefused() {
  const bool was_ours = version_ == kProtocolVersion;
  version_ = was_ours ? kOldestProtocolVersion : kProtocolVersion;
  log::Info(
      "the controller has refused us; if that is for the protocol version: version {} is said {}",
      version_, was_ours ? "to it next" : "next");
  return was_ours;
}

void AgentCore::OnDown(const std::string&) {
  is_up_ = false;
  is_welcome_ = false;
  probe_.Stop();
  host_.OnChanged();
}

void AgentCore::OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) {
  CrashPoint("agent.job-removed");
  Take(JobRemoved{unit, job_id, result});
}

void AgentCore::OnWatchRestored(const std::string& unit) { Take(WatchRestored{unit}); }

// Actions that are done at once bring their events into the queue; one loop takes them all.
void AgentCore::Take(Event event) {
  events_.push_back(std::move(event));
  if (is_taking_) return;
  is_taking_ = true;
  while (!events_.empty()) {
    const Event next = std::move(events_.front());
    events_.pop_front();
    Actions actions;
    executor_.Step(Now(), next, &actions);
    for (const Action& action : actions) {
      std::visit([this](const auto& a) { Do(a); }, action);
    }
  }
  is_taking_ = false;
  host_.OnChanged();
  if (executor_.is_settling()) CrashPoint("agent.in-settle");
}

void AgentCore::Do(const WatchUnit& action) {
  units_->Watch(action.unit, [this, key = action.key](const absl::Status& status) {
    Take(UnitWatched{key, status});
  });
}

void AgentCore::Do(const UnwatchUnit& action) { units_->Unwatch(action.unit); }

void AgentCore::Do(const InspectUnit& action) {
  units_->Inspect(action.unit, [this, key = action.key](absl::StatusOr<UnitState> state) {
    Take(UnitInspected{key, std::move(state)});
  });
}

void AgentCore::Do(const WriteIntent& action) {
  CrashPoint("agent.before-intent");
  const absl::Status status = ledger_.WriteIntent(action.intent);
  CrashPoint("agent.after-intent");
  if (!status.ok())
    log::Error("intent not written {}: {}", Show(action.intent.key), Message(status));
  Take(IntentWritten{action.intent.key, status});
}

void AgentCore::Do(const CallRestart& action) {
  log::Info("restarting {} unit={}", Show(action.key), action.unit);
  units_->Restart(action.unit, [this, key = action.key](const RestartAnswer& answer) {
    CrashPoint("agent.call-answered");
    Take(RestartAnswered{key, answer});
  });
}

void AgentCore::Do(const WriteOutcome& action) {
  fresh_ = action.key;
  const absl::Status status = ledger_.WriteOutcome(action.key, action.outcome);
  CrashPoint("agent.outcome-written");
  if (!status.ok()) {
    log::Error("outcome not written {}: {}; after a crash it would be found again by looking",
               Show(action.key), Message(status));
  }
  Take(OutcomeWritten{action.key});
}

void AgentCore::Do(const ReadMounts& action) {
  Take(MountsRead{action.key, std::make_shared<const MountTable>(host_.ReadMountTable())});
}

void AgentCore::Do(const RunChild& action) {
  const std::string what = Describe(action.task);
  children_->Run(action.task, action.patience, [this, key = action.key, what](ChildResult result) {
    CrashPoint("agent.child-ended");
    if (result.error != 0 || result.is_hung) log::Info("{} {}: {}", what, Show(key), result.text);
    Take(ChildEnded{key, std::move(result)});
  });
  CrashPoint("agent.child-begun");
}

void AgentCore::Do(const SettleEntry& action) {
  if (absl::Status status = ledger_.Settle(action.key); !status.ok()) {
    log::Warning("entry not settled {}: {}", Show(action.key), Message(status));
  }
}

void AgentCore::Do(const SendReport& action) {
  const bool is_fresh = std::exchange(fresh_, std::nullopt) == action.key;
  if (action.outcome) {
    log::Info("outcome {} state={} reason={} detail=\"{}\"", Show(action.key),
              Name(action.outcome->state), Name(action.outcome->reason), action.outcome->detail);
  }
  if (!is_welcome_) return;  // it is said again after the next Welcome
  uplink_->Send(Report{config_.node, action.key, action.outcome});
  if (!action.outcome) return;
  if (action.outcome->evidence.after) {
    watch_.OnTold(*action.outcome->evidence.after);
    // One that is said again may be old: it has just overwritten what is newer.
    if (!is_fresh) OnUnitsChanged();
  }
  host_.OnReported();
}

std::optional<Time> AgentCore::NextDeadline() const {
  std::optional<Time> next = executor_.NextDeadline();
  for (const std::optional<Time> other :
       {probe_.deadline(), MayLook() ? watch_.deadline(is_at_work()) : std::nullopt}) {
    if (other && (!next || *other < *next)) next = other;
  }
  return next;
}

void AgentCore::OnDeadline() {
  probe_.OnDeadline(Now());
  if (MayLook()) {
    const StatusWatch::Look look = watch_.TakeDue(Now(), is_at_work());
    if (look == StatusWatch::Look::kUnits) LookAtUnits();
    if (look == StatusWatch::Look::kMounts) SendStatus(watch_.told().units);
  }
  Take(DeadlinePassed{});
}

std::string AgentCore::Status() const {
  std::string text = is_stale_ ? "controller is stale" : is_welcome_ ? "attached" : "not attached";
  if (const size_t running = executor_.running_count(); running > 0) {
    text += fmt::format(", {} under way", running);
  }
  return text;
}

}  // namespace muster
