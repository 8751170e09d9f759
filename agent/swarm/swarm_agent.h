// One agent of the swarm: the uplink, the core and the executor that a node's agent has, with a ledger in memory and simulated units.
// Loop thread only.
#pragma once

#include <memory>
#include <random>
#include <string>

#include "agent/runner/agent_runner.h"
#include "agent/swarm/memory_ledger.h"
#include "agent/swarm/profile.h"
#include "agent/swarm/simulated_units.h"
#include "agent/swarm/subscriber.h"
#include "agent/swarm/tally.h"
#include "agent/uplink/h2_uplink.h"

namespace muster::swarm {

struct AgentSetup {
  std::string node;
  std::string boot_id;
  UplinkConfig uplink;
};

class SwarmAgent final : private UplinkHandler,
                         private UnitManager::Handler,
                         private SimulatedUnits::Process,
                         private AgentPlace {
 public:
  // Event loop, profile, tally, subscriber and random numbers are lent and outlive it. Without a subscriber its unit does not subscribe.
  SwarmAgent(sd_event* event, const AgentSetup& setup, const Profile& profile, Tally& tally,
             Subscriber* subscriber, std::mt19937_64& random);
  SwarmAgent(const SwarmAgent&) = delete;
  SwarmAgent& operator=(const SwarmAgent&) = delete;

  void Start() { runner_.Start(units_, children_, uplink_); }
  // Ends the stream as a connection that breaks would.
  void Disconnect() { uplink_.Break(); }
  // While it is deaf it reads nothing and answers nothing, and its connection stays open. Only the stream of this moment.
  void SetDeaf(bool is_deaf) { uplink_.SetDeaf(is_deaf); }
  // Its unit dies, or comes up, by itself.
  void SetUnitFailed(bool is_failed) { units_.SetFailed(is_failed); }
  // Reports so many outcomes that nobody has asked for; each has to be answered.
  void Flood(size_t reports);

 private:
  void OnUp() override;
  void OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) override;
  bool OnRefused() override;
  void OnDown(const std::string& why) override;
  void OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) override;
  void OnWatchRestored(const std::string&) override {}
  void OnUnitsChanged() override { runner_.OnUnitsChanged(); }
  void OnSubscribe(const std::string& invocation) override;
  void OnStop() override;
  MountTable ReadMountTable() override { return {}; }
  void OnChanged(const AgentCore& core) override;

  const std::string node_;
  Tally& tally_;
  Subscriber* const subscriber_;
  bool is_up_ = false;
  bool is_attached_ = false;
  uint32_t flooded_ = 0;

  MemoryLedger ledger_;
  AgentRunner runner_;
  SimulatedUnits units_;
  NoChildren children_;
  H2Uplink uplink_;
};

}  // namespace muster::swarm
