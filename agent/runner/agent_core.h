// The agent without its loop: feeds the executor with what the uplink, systemd and time bring, and does what it asks for, in its order:
// write, then act, then report. Knows nothing of sd-event, so that a simulation can run it in a time of its own.
//
// One thread, the loop's. Answers of units and uplink come later, never inside the call that asked; those of children may come inside.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/executor/executor.h"
#include "agent/ledger/ledger_store.h"
#include "agent/mount/children.h"
#include "agent/mount/content_tree.h"
#include "agent/runner/status_probe.h"
#include "agent/runner/status_watch.h"
#include "agent/runner/transit_clock.h"
#include "agent/runner/usual_units.h"
#include "agent/systemd/unit_manager.h"
#include "agent/uplink/uplink.h"
#include "common/time.h"

namespace muster {

class AgentCore final : public UplinkHandler, public UnitManager::Handler {
 public:
  struct Config {
    std::string node;
    std::string boot_id;
    std::vector<std::string> aliases;
    std::set<std::string> policy_units;
    ContentProfile content = {};
    // Whose state goes up, in Hello and whenever it changes.
    std::vector<std::string> watched_units = UsualUnits();
  };

  // The loop and the machine around the core.
  class Host {
   public:
    virtual ~Host() = default;
    // What NextDeadline and Status say may have changed.
    virtual void OnChanged() = 0;
    // The uplink has taken a report of an outcome.
    virtual void OnReported() = 0;
    // OnMountsChanged is called once after it, if anything is mounted or unmounted.
    virtual MountTable ReadMountTable() = 0;
  };

  // All are lent and outlive the core.
  AgentCore(Config config, LedgerStore& ledger, const Clock& clock, Host& host);

  // The seams are made with the core as their handler, so they come after it. Lent; they outlive the core's last event.
  void Start(UnitManager& units, Children& children, Uplink& uplink);

  // What the node's settings say now; node and boot_id stay. Attempts that are under way keep what they began with, and aliases go up with the
  // next Hello.
  void Reconfigure(const Config& config);

  // UplinkHandler.
  void OnUp() override;
  void OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) override;
  bool OnRefused() override;
  void OnDown(const std::string& why) override;

  // UnitManager::Handler.
  void OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) override;
  void OnUnitsChanged() override;
  void OnWatchRestored(const std::string& unit) override;

  // The table of mounts is another.
  void OnMountsChanged();

  // When, on CLOCK_BOOTTIME, to call OnDeadline.
  std::optional<Time> NextDeadline() const;
  void OnDeadline();

  // A controller that counts has said Welcome on the stream that is open.
  bool is_attached() const { return is_welcome_ && !is_stale_; }
  // For people: "attached, 2 under way".
  std::string Status() const;
  const Executor& executor() const { return executor_; }

 private:
  // The executor's time is CLOCK_BOOTTIME, so that a deadline in the ledger means the same to the next process.
  Time Now() const { return Time(Duration(clock_.BoottimeNs())); }

  bool is_at_work() const { return executor_.running_count() > 0; }
  // Not while a look is under way: it would be dropped.
  bool MayLook() const { return is_attached() && TellsChanges() && !probe_.deadline(); }
  bool TellsChanges() const { return version_ >= kTellsChanges; }
  void SendHello(StatusProbe::Seen seen);
  void LookAtUnits();
  void SendStatus(std::vector<UnitState> units);
  NodeStatus StatusNow(std::vector<UnitState> units) const;
  void OnWelcome(const Welcome& welcome);
  bool LeavesForNewer(const Welcome& welcome);
  bool IsStale(const Epoch& epoch);

  void Take(Event event);
  void Do(const WatchUnit& action);
  void Do(const UnwatchUnit& action);
  void Do(const InspectUnit& action);
  void Do(const WriteIntent& action);
  void Do(const CallRestart& action);
  void Do(const WriteOutcome& action);
  void Do(const ReadMounts& action);
  void Do(const RunChild& action);
  void Do(const SettleEntry& action);
  void Do(const SendReport& action);

  Config config_;
  LedgerStore& ledger_;
  const Clock& clock_;
  Host& host_;
  UnitManager* units_ = nullptr;
  Children* children_ = nullptr;
  Uplink* uplink_ = nullptr;

  Executor executor_;
  StatusProbe probe_;
  StatusWatch watch_;
  std::optional<AttemptKey> fresh_;  // whose outcome was written last, and was not said yet

  std::deque<Event> events_;
  bool is_taking_ = false;

  // Of the stream.
  bool is_up_ = false;
  bool is_welcome_ = false;
  bool is_stale_ = false;
  TransitClock transit_;

  // What the next Hello says that we speak: a controller that refuses ours may speak the one before, and is told so next.
  uint32_t version_ = kProtocolVersion;
  bool has_left_for_newer_ = false;  // since the last Welcome that counted
};

}  // namespace muster
