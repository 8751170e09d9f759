// The agent as a process: the real core and ledger between simulated seams. It dies at once and does nothing from then on, even if it is
// in the middle of something; its machine buries it later.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/ledger/directory_ledger.h"
#include "agent/runner/agent_core.h"
#include "tests/sim/world/network.h"
#include "tests/sim/world/random.h"

namespace muster::sim {

class World;
class Machine;

class AgentProcess final : private UnitManager,
                           private Uplink,
                           private LedgerStore,
                           private AgentCore::Host,
                           private muster::Clock {
 public:
  AgentProcess(World& world, Machine& machine, uint64_t life);
  ~AgentProcess() override;

  // False if the ledger cannot be opened.
  bool Begin();
  void Die(bool is_silent);
  bool is_dead() const { return is_dead_; }
  std::optional<LinkId> link() const { return link_; }
  bool Holds(const AttemptKey& key) const;
  size_t held_count() const { return core_->executor().Held().size(); }

  void OnLinkUp(LinkId link);
  void OnLinkMessage(LinkId link, const ControllerMessage& message, uint64_t clock_ns);
  void OnLinkDown(LinkId link);
  void OnJobRemoved(const std::string& unit, uint32_t job, const std::string& result);
  void OnBusLost();

 private:
  // UnitManager.
  void Watch(const std::string& unit, std::function<void(absl::Status)> done) override;
  void Unwatch(const std::string& unit) override;
  void Observe(const std::vector<std::string>&) override {}  // health is not simulated
  void Inspect(const std::string& unit,
               std::function<void(absl::StatusOr<UnitState>)> done) override;
  void Restart(const std::string& unit, std::function<void(RestartAnswer)> done) override;

  // Uplink.
  void Start() override { Connect(); }
  void Send(const AgentMessage& message) override;
  void Reject(const std::string& why) override;
  void Stop() override {}

  // LedgerStore: the real one, looked at as it is used.
  const std::string& incarnation() const override { return ledger_->incarnation(); }
  std::vector<LedgerEntry> Load() override { return ledger_->Load(); }
  absl::Status WriteIntent(const Intent& intent) override;
  absl::Status WriteOutcome(const AttemptKey& key, const Outcome& outcome) override;
  absl::Status Settle(const AttemptKey& key) override;
  std::optional<Outcome> Tombstone(const AttemptKey& key) const override {
    return ledger_->Tombstone(key);
  }
  std::optional<Epoch> epoch() const override { return ledger_->epoch(); }
  absl::Status WriteEpoch(const Epoch& epoch) override { return ledger_->WriteEpoch(epoch); }

  // AgentCore::Host.
  void OnChanged() override;
  void OnReported() override {}
  MountTable ReadMountTable() override { return {}; }

  // Clock: only the boot time is asked for.
  Time Now() const override { return Time(Duration(BoottimeNs())); }
  uint64_t BoottimeNs() const override;

  // What comes from outside, when the process is not held up by its disk.
  void Take(std::function<void()> what);
  // At `when`, if the process lives then.
  void At(Duration when, std::function<void()> what);
  // A request to systemd. `ask` runs when it is there, also if the process has died or has given it up meanwhile; `fail` if no answer
  // will come.
  void Request(std::function<void(bool is_awaited)> ask, std::function<void(bool was_sent)> fail);
  void Connect();
  void Reconnect();

  World& world_;
  Machine& machine_;
  const uint64_t life_;
  Random random_;
  bool is_dead_ = false;
  Duration busy_until_{};

  std::unique_ptr<DirectoryLedger> ledger_;
  NoChildren children_;
  std::unique_ptr<AgentCore> core_;

  std::optional<LinkId> link_;
  bool is_connected_ = false;
  uint32_t failures_ = 0;

  std::optional<Duration> timer_;
  std::set<std::string> watched_;
  std::map<std::string, AttemptKey> working_;  // by unit: whose intent was written last
  uint64_t last_request_ = 0;
  std::map<uint64_t, std::function<void(bool)>> unanswered_;  // what to do if no answer comes
};

}  // namespace muster::sim
