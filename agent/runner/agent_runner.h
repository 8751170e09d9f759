// The agent's loop: feeds the executor with what the uplink, systemd and time bring, and does what it asks for, in its order: write, then
// act, then report. One thread, the one that runs the sd-event loop.
#pragma once

#include <systemd/sd-event.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "agent/executor/executor.h"
#include "agent/ledger/ledger_store.h"
#include "agent/runner/status_probe.h"
#include "agent/systemd/unit_manager.h"
#include "agent/uplink/event_source.h"
#include "agent/uplink/uplink.h"
#include "common/time.h"

namespace muster {

class AgentRunner final : public UplinkHandler, public UnitManager::Handler {
 public:
  struct Config {
    std::string node;
    std::string boot_id;
    std::vector<std::string> aliases;
    std::set<std::string> policy_units;
  };

  // The ledger is lent, and outlives the runner.
  AgentRunner(Config config, sd_event* event, LedgerStore& ledger);

  // The seams are made with the runner as their handler, so they come after it. Lent; they outlive the runner's last event.
  void Start(UnitManager& units, Uplink& uplink);

  // UplinkHandler.
  void OnUp() override;
  void OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) override;
  void OnDown(const std::string& why) override;

  // UnitManager::Handler.
  void OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) override;
  void OnWatchRestored(const std::string& unit) override;

 private:
  void SendHello(std::vector<UnitState> units);
  void OnWelcome(const Welcome& welcome);
  bool IsStale(const Epoch& epoch);
  // How long a message was on its way, beyond the fastest of this stream.
  Duration Waited(uint64_t sender_clock_ns);

  void Take(Event event);
  void Do(const WatchUnit& action);
  void Do(const UnwatchUnit& action);
  void Do(const InspectUnit& action);
  void Do(const WriteIntent& action);
  void Do(const CallRestart& action);
  void Do(const WriteOutcome& action);
  void Do(const SettleEntry& action);
  void Do(const SendReport& action);
  void ArmTimer();
  void TellSystemd();

  static int OnTimer(sd_event_source* source, uint64_t time_us, void* userdata);
  static int OnReportLeft(sd_event_source* source, void* userdata);

  // Constant after Start.
  Config config_;
  LedgerStore& ledger_;
  UnitManager* units_ = nullptr;
  Uplink* uplink_ = nullptr;

  SystemClock clock_;
  Executor executor_;
  StatusProbe probe_;
  EventSource timer_;
  EventSource report_left_;

  std::deque<Event> events_;
  bool is_taking_ = false;

  // Of the stream.
  bool is_up_ = false;
  bool is_welcome_ = false;
  bool is_stale_ = false;
  int64_t fastest_ns_ = 0;  // the smallest difference of the clocks
  bool has_fastest_ = false;
  std::string told_;  // the last STATUS=
};

}  // namespace muster
