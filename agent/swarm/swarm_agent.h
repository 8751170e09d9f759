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
#include "agent/uplink/h2_uplink.h"

namespace muster::swarm {

// What all agents of a swarm have done, together. Counts since the start, but for `attached`.
struct Tally {
  uint64_t attached = 0;  // now
  uint64_t opened = 0;    // streams
  uint64_t ended = 0;     // streams that had been open
  uint64_t failed = 0;    // attempts that led to no stream
  uint64_t restarts = 0;
  bool operator==(const Tally&) const = default;
};

struct AgentSetup {
  std::string node;
  std::string boot_id;
  UplinkConfig uplink;
};

class SwarmAgent final : private UplinkHandler, private UnitManager::Handler, private AgentPlace {
 public:
  // Event loop, profile, tally and random numbers are lent and outlive it.
  SwarmAgent(sd_event* event, const AgentSetup& setup, const Profile& profile, Tally& tally,
             std::mt19937_64& random);
  SwarmAgent(const SwarmAgent&) = delete;
  SwarmAgent& operator=(const SwarmAgent&) = delete;

  void Start() { runner_.Start(units_, uplink_); }
  // Ends the stream as a connection that breaks would.
  void Disconnect() { uplink_.Break(); }
  // While it is deaf it reads nothing and answers nothing, and its connection stays open. Only the stream of this moment.
  void SetDeaf(bool is_deaf) { uplink_.SetDeaf(is_deaf); }
  // Reports so many outcomes that nobody has asked for; each has to be answered.
  void Flood(size_t reports);

 private:
  void OnUp() override;
  void OnMessage(const ControllerMessage& message, uint64_t sender_clock_ns) override;
  void OnDown(const std::string& why) override;
  void OnJobRemoved(const std::string& unit, uint32_t job_id, const std::string& result) override;
  void OnWatchRestored(const std::string&) override {}
  std::vector<MountedContent> Mounts() override { return {}; }
  void OnChanged(const AgentCore& core) override;

  const std::string node_;
  Tally& tally_;
  bool is_up_ = false;
  bool is_attached_ = false;
  uint32_t flooded_ = 0;

  MemoryLedger ledger_;
  AgentRunner runner_;
  SimulatedUnits units_;
  H2Uplink uplink_;
};

}  // namespace muster::swarm
