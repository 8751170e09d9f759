// The agent's loop: runs an AgentCore on sd-event and tells systemd how it does. One thread, the one that runs the loop.
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

class AgentRunner final : public UplinkHandler,
                          public UnitManager::Handler,
                          private AgentCore::Host {
 public:
  // The ledger is lent, and outlives the runner.
  AgentRunner(AgentCore::Config config, sd_event* event, LedgerStore& ledger);

  // The seams are made with the runner as their handler, so they come after it. Lent; they outlive the runner's last event.
  void Start(UnitManager& units, Uplink& uplink) { core_.Start(units, uplink); }

  // UplinkHandler.
  void OnUp() override { core_.OnUp(); }
  void OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) override {
    core_.OnMessage(message, sender_clock_ns);
  }
  void OnDown(const std::string& why) override { core_.OnDown(why); }

  // UnitManager::Handler.
  void OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) override {
    core_.OnJobRemoved(unit, job_id, result);
  }
  void OnWatchRestored(const std::string& unit) override { core_.OnWatchRestored(unit); }

 private:
  // AgentCore::Host.
  void OnChanged() override;
  void OnReported() override;
  std::vector<MountedContent> Mounts() override;

  static int OnTimer(sd_event_source* source, uint64_t time_us, void* userdata);
  static int OnReportLeft(sd_event_source* source, void* userdata);

  SystemClock clock_;
  AgentCore core_;
  EventSource timer_;
  EventSource report_left_;
  std::string told_;  // the last STATUS=
};

}  // namespace muster
