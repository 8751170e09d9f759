// The agent's loop: runs an AgentCore on sd-event. One thread, the one that runs the loop; one loop may run many.
#pragma once

#include <systemd/sd-event.h>

#include <string>
#include <vector>

#include "agent/ledger/ledger_store.h"
#include "agent/runner/agent_core.h"
#include "agent/systemd/unit_manager.h"
#include "agent/uplink/event_source.h"
#include "agent/uplink/uplink.h"
#include "common/time.h"

namespace muster {

// Where an agent is: a node, or a swarm.
class AgentPlace {
 public:
  virtual ~AgentPlace() = default;
  virtual MountTable ReadMountTable() = 0;
  // Something has happened; what the core says of itself may be another now.
  virtual void OnChanged(const AgentCore& core) = 0;
};

class AgentRunner final : public UplinkHandler,
                          public UnitManager::Handler,
                          private AgentCore::Host {
 public:
  // Ledger and place are lent, and outlive the runner.
  AgentRunner(AgentCore::Config config, sd_event* event, LedgerStore& ledger, AgentPlace& place);

  // The seams are made with the runner as their handler, so they come after it. Lent; they outlive the runner's last event.
  void Start(UnitManager& units, Children& children, Uplink& uplink) {
    core_.Start(units, children, uplink);
  }

  // UplinkHandler.
  void OnUp() override { core_.OnUp(); }
  void OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) override {
    core_.OnMessage(message, sender_clock_ns);
  }
  bool OnRefused() override { return core_.OnRefused(); }
  void OnDown(const std::string& why) override { core_.OnDown(why); }

  // UnitManager::Handler.
  void OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) override {
    core_.OnJobRemoved(unit, job_id, result);
  }
  void OnUnitsChanged() override { core_.OnUnitsChanged(); }
  void OnWatchRestored(const std::string& unit) override { core_.OnWatchRestored(unit); }

  void Reconfigure(const AgentCore::Config& config) { core_.Reconfigure(config); }
  void OnMountsChanged() { core_.OnMountsChanged(); }

 private:
  // AgentCore::Host.
  void OnChanged() override;
  void OnReported() override;
  MountTable ReadMountTable() override { return place_.ReadMountTable(); }

  static int OnTimer(sd_event_source* source, uint64_t time_us, void* userdata);
  static int OnReportLeft(sd_event_source* source, void* userdata);

  AgentPlace& place_;
  SystemClock clock_;
  AgentCore core_;
  EventSource timer_;
  EventSource report_left_;
};

}  // namespace muster
