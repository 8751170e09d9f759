// One node: a machine with a boot, a systemd, a disk, and an agent that runs the real AgentCore, Executor and DirectoryLedger. It can lose
// its power, be imaged anew, and have its agent killed at any step.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/messages.h"
#include "tests/sim/world/memory_disk.h"
#include "tests/sim/world/network.h"
#include "tests/sim/world/random.h"
#include "tests/sim/world/systemd.h"

namespace muster::sim {

class World;
class AgentProcess;

class Machine final : public AgentEnd, private Systemd::Listener {
 public:
  // `node` is the name that its certificate has. A volatile ledger is under /run: gone with the boot.
  Machine(World& world, std::string node, bool is_ledger_volatile);
  ~Machine() override;

  const std::string& node() const { return node_; }
  Systemd& systemd() { return systemd_; }
  const Systemd& systemd() const { return systemd_; }
  MemoryDisk& disk() { return disk_; }
  bool is_on() const { return is_on_; }
  bool has_agent() const { return process_ != nullptr; }
  std::optional<LinkId> link() const;
  const std::string& boot_id() const { return boot_id_; }
  // On this machine's CLOCK_BOOTTIME.
  Duration uptime() const;

  // Boots, with an agent.
  void PowerOn();
  void PowerOff();
  void Reimage();  // while it is off
  void StartAgent();
  void KillAgent();
  // Kills it before its `steps`th next operation on disk, bus or stream.
  void KillAgentAfter(uint32_t steps) { steps_to_live_ = steps; }
  // The machine loses its power then, for so long.
  void CutPowerAfter(uint32_t steps, Duration off) {
    steps_to_live_ = steps;
    power_cut_ = off;
  }
  // systemd answers nobody for so long.
  void StallBus(Duration length);
  // The connection to systemd breaks, and is there again after so long.
  void LoseBus(Duration length);
  // Every write of the ledger takes so long.
  void set_disk_delay(Duration delay) { disk_delay_ = delay; }

  // Attempts that the agent holds; and what its ledger has on disk.
  size_t held_count() const;
  // Of the ledger, as the last agent read it.
  const std::string& incarnation() const { return incarnation_; }
  bool Holds(const AttemptKey& key) const;
  size_t ledger_count() const { return disk_.Names(kLedgerPath_ + "/attempts").size(); }

  // AgentEnd.
  void OnLinkUp(LinkId link) override;
  void OnLinkMessage(LinkId link, const ControllerMessage& message, uint64_t clock_ns) override;
  void OnLinkDown(LinkId link) override;

 private:
  friend class AgentProcess;

  // Systemd::Listener.
  void OnJobRemoved(const std::string& unit, uint32_t job, const std::string& result) override;
  void OnTouched(const AttemptKey& key, const std::string& unit) override;
  void OnStarted(const AttemptKey& key, const std::string& unit) override;

  // False if the process is dead, perhaps just now.
  bool Step();
  void Bury();

  const std::string kLedgerPath_ = "/ledger";
  World& world_;
  const std::string node_;
  const bool is_ledger_volatile_;
  Random random_;
  MemoryDisk disk_;
  Systemd systemd_;

  bool is_on_ = false;
  std::string boot_id_;
  Duration booted_{};
  std::unique_ptr<AgentProcess> process_;
  uint64_t life_ = 0;  // of the process
  std::string incarnation_;
  std::optional<uint32_t> steps_to_live_;  // of this agent or the next
  std::optional<Duration> power_cut_;      // and then the power is off for so long
  Duration disk_delay_{};

  // The bus: requests are taken in their order.
  Duration bus_last_{};
  Duration bus_stalled_until_{};
  Duration bus_lost_until_{};
  // Requests that were on their way when their connection ended, and did not arrive.
  std::set<std::pair<uint64_t, uint64_t>> lost_requests_;
};

}  // namespace muster::sim
