#include "agent/runner/agent_runner.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <utility>

#include "agent/mount/content_mounts.h"
#include "common/crash_point.h"
#include "common/log.h"
#include "common/version.h"

namespace muster {
namespace {

// The executor's time is CLOCK_BOOTTIME, so that a deadline in the ledger means the same to the next process.
Time BootTime(const Clock& clock) { return Time(Duration(clock.BoottimeNs())); }

std::string Show(const AttemptKey& key) {
  return fmt::format("task={} attempt={}", key.task, key.attempt);
}

}  // namespace

AgentRunner::AgentRunner(Config config, sd_event* event, LedgerStore& ledger)
    : config_(std::move(config)),
      ledger_(ledger),
      executor_({config_.node, ledger.incarnation(), config_.boot_id, config_.policy_units},
                ledger.Load()),
      probe_(event),
      timer_(MakeTimer(event, 0ms, &AgentRunner::OnTimer, this)),
      report_left_(MakeDeferred(event, &AgentRunner::OnReportLeft, this)) {
  // After the uplink has written: what is asked for here happens once the report is on its way.
  sd_event_source_set_priority(report_left_.get(), SD_EVENT_PRIORITY_IDLE);
}

void AgentRunner::Start(UnitManager& units, Uplink& uplink) {
  units_ = &units;
  uplink_ = &uplink;
  Actions actions;
  executor_.Start(BootTime(clock_), &actions);
  for (const Action& action : actions) {
    std::visit([this](const auto& a) { Do(a); }, action);
  }
  ArmTimer();
  TellSystemd();
  uplink_->Start();
}

void AgentRunner::OnUp() {
  is_up_ = true;
  is_welcome_ = false;
  is_stale_ = false;
  has_fastest_ = false;
  probe_.Start(*units_, [this](std::vector<UnitState> units) { SendHello(std::move(units)); });
}

void AgentRunner::SendHello(std::vector<UnitState> units) {
  if (!is_up_) return;
  Hello hello;
  hello.node = config_.node;
  hello.incarnation = ledger_.incarnation();
  hello.boot_id = config_.boot_id;
  hello.agent_version = kVersion;
  hello.features = Executor::Features();
  hello.aliases = config_.aliases;
  hello.held = executor_.Held();
  hello.status.node = config_.node;
  hello.status.boot_age = Duration(clock_.BoottimeNs());
  hello.status.units = std::move(units);
  hello.status.mounted = ReadContentMounts();
  uplink_->Send(hello);
}

void AgentRunner::OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) {
  const Duration waited = Waited(sender_clock_ns);
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

void AgentRunner::OnWelcome(const Welcome& welcome) {
  if (welcome.node != config_.node) return;
  if (IsStale(welcome.epoch)) {
    is_stale_ = true;
    TellSystemd();
    log::Error(
        "the controller speaks for an older life of store {} (epoch {}) than the one before "
        "(epoch {}). Is a copy of its state directory in use?",
        welcome.epoch.store_id, welcome.epoch.counter, ledger_.epoch()->counter);
    return uplink_->Reject("is stale");
  }
  is_welcome_ = true;
  log::Info("attached node={} incarnation={} epoch={} held={}", config_.node, ledger_.incarnation(),
            welcome.epoch.counter, executor_.Held().size());
  Take(Welcomed{});
}

bool AgentRunner::IsStale(const Epoch& epoch) {
  const std::optional<Epoch> known = ledger_.epoch();
  if (known == epoch) return false;
  if (known && known->store_id == epoch.store_id && epoch.counter < known->counter) return true;
  if (known && known->store_id != epoch.store_id) {
    log::Warning("the controller has a new store: {} in place of {}", epoch.store_id,
                 known->store_id);
  }
  if (absl::Status status = ledger_.WriteEpoch(epoch); !status.ok()) {
    log::Warning("the controller's epoch is not recorded: {}", Message(status));
  }
  return false;
}

Duration AgentRunner::Waited(uint64_t sender_clock_ns) {
  const auto difference = static_cast<int64_t>(clock_.BoottimeNs() - sender_clock_ns);
  fastest_ns_ = has_fastest_ ? std::min(fastest_ns_, difference) : difference;
  has_fastest_ = true;
  return Duration(difference - fastest_ns_);
}

void AgentRunner::OnDown(const std::string&) {
  is_up_ = false;
  is_welcome_ = false;
  probe_.Stop();
  TellSystemd();
}

void AgentRunner::OnJobRemoved(const std::string& unit, uint32_t job_id,
                               const std::string& result) {
  CrashPoint("agent.job-removed");
  Take(JobRemoved{unit, job_id, result});
}

void AgentRunner::OnWatchRestored(const std::string& unit) { Take(WatchRestored{unit}); }

// Actions that are done at once bring their events into the queue; one loop takes them all.
void AgentRunner::Take(Event event) {
  events_.push_back(std::move(event));
  if (is_taking_) return;
  is_taking_ = true;
  while (!events_.empty()) {
    const Event next = std::move(events_.front());
    events_.pop_front();
    Actions actions;
    executor_.Step(BootTime(clock_), next, &actions);
    for (const Action& action : actions) {
      std::visit([this](const auto& a) { Do(a); }, action);
    }
  }
  is_taking_ = false;
  ArmTimer();
  TellSystemd();
  if (executor_.is_settling()) CrashPoint("agent.in-settle");
}

void AgentRunner::Do(const WatchUnit& action) {
  units_->Watch(action.unit, [this, key = action.key](const absl::Status& status) {
    Take(UnitWatched{key, status});
  });
}

void AgentRunner::Do(const UnwatchUnit& action) { units_->Unwatch(action.unit); }

void AgentRunner::Do(const InspectUnit& action) {
  units_->Inspect(action.unit, [this, key = action.key](absl::StatusOr<UnitState> state) {
    Take(UnitInspected{key, std::move(state)});
  });
}

void AgentRunner::Do(const WriteIntent& action) {
  CrashPoint("agent.before-intent");
  const absl::Status status = ledger_.WriteIntent(action.intent);
  CrashPoint("agent.after-intent");
  if (!status.ok())
    log::Error("intent not written {}: {}", Show(action.intent.key), Message(status));
  Take(IntentWritten{action.intent.key, status});
}

void AgentRunner::Do(const CallRestart& action) {
  log::Info("restarting {} unit={}", Show(action.key), action.unit);
  units_->Restart(action.unit, [this, key = action.key](const RestartAnswer& answer) {
    CrashPoint("agent.call-answered");
    Take(RestartAnswered{key, answer});
  });
}

void AgentRunner::Do(const WriteOutcome& action) {
  const absl::Status status = ledger_.WriteOutcome(action.key, action.outcome);
  CrashPoint("agent.outcome-written");
  if (!status.ok()) {
    log::Error("outcome not written {}: {}; after a crash it would be found again by looking",
               Show(action.key), Message(status));
  }
  Take(OutcomeWritten{action.key});
}

void AgentRunner::Do(const SettleEntry& action) {
  if (absl::Status status = ledger_.Settle(action.key); !status.ok()) {
    log::Warning("entry not settled {}: {}", Show(action.key), Message(status));
  }
}

void AgentRunner::Do(const SendReport& action) {
  if (action.outcome) {
    log::Info("outcome {} state={} reason={} detail=\"{}\"", Show(action.key),
              Name(action.outcome->state), Name(action.outcome->reason), action.outcome->detail);
  }
  if (!is_welcome_) return;  // it is said again after the next Welcome
  uplink_->Send(Report{config_.node, action.key, action.outcome});
  if (action.outcome) RunSoon(report_left_);
}

int AgentRunner::OnReportLeft(sd_event_source*, void*) {
  CrashPoint("agent.report-sent");
  return 0;
}

void AgentRunner::ArmTimer() {
  const std::optional<Time> next = executor_.NextDeadline();
  if (!next) return Disarm(timer_);
  Arm(timer_, std::max(*next - BootTime(clock_), Duration(0)));
}

int AgentRunner::OnTimer(sd_event_source*, uint64_t, void* userdata) {
  static_cast<AgentRunner*>(userdata)->Take(DeadlinePassed{});
  return 0;
}

void AgentRunner::TellSystemd() {
  std::string status = is_stale_     ? "controller is stale"
                       : is_welcome_ ? "attached"
                                     : "not attached";
  if (const size_t running = executor_.running_count(); running > 0) {
    status += fmt::format(", {} under way", running);
  }
  if (status == told_) return;
  told_ = status;
  sd_notifyf(0, "STATUS=%s", status.c_str());
}

}  // namespace muster
