// systemd as one agent of the swarm sees it: a machine with one unit, cray-orca.service, which is active from the beginning and does at
// each restart what the profile says. Its process subscribes at HMNFD, if somebody does that for it.
//
// Loop thread only. It is no model of systemd (tests/sim has one): good enough that a real executor ends each attempt.
#pragma once

#include <deque>
#include <functional>
#include <random>
#include <string>

#include "agent/swarm/profile.h"
#include "agent/systemd/unit_manager.h"
#include "agent/uplink/event_source.h"

namespace muster::swarm {

class SimulatedUnits final : public UnitManager {
 public:
  // What the unit's process wants to be done. Called from the loop.
  class Process {
   public:
    virtual ~Process() = default;
    // It is up. `invocation` is of this start.
    virtual void OnSubscribe(const std::string& invocation) = 0;
    // It has ended, whether it had subscribed or not.
    virtual void OnStop() = 0;
  };

  // All are lent and outlive it.
  SimulatedUnits(sd_event* event, const Profile& profile, Handler& handler, Process& process,
                 std::mt19937_64& random);
  SimulatedUnits(const SimulatedUnits&) = delete;
  SimulatedUnits& operator=(const SimulatedUnits&) = delete;

  void Watch(const std::string& unit, std::function<void(absl::Status)> done) override;
  void Unwatch(const std::string&) override {}
  void Observe(const std::vector<std::string>&) override {}
  void Inspect(const std::string& unit,
               std::function<void(absl::StatusOr<UnitState>)> done) override;
  void Restart(const std::string& unit, std::function<void(RestartAnswer)> done) override;

  // It dies, or comes up, by itself; nothing while it is being restarted.
  void SetFailed(bool is_failed);
  uint64_t restarts() const { return restarts_; }

 private:
  enum class Next { kNothing, kActive, kFailed, kDead };

  // From the loop, in the order of the calls.
  void Later(std::function<void()> what);
  void RunLater();
  // What the running start comes to, when its time is over.
  void Go();
  void BecomeActive();
  void Fail();
  UnitState State() const;

  const Profile& profile_;
  Handler& handler_;
  Process& process_;
  std::mt19937_64& random_;
  SystemClock clock_;

  UnitState unit_;
  uint64_t active_since_ns_;
  uint64_t restarts_ = 0;
  Next next_ = Next::kNothing;
  bool dies_ = false;
  bool forgets_ = false;

  std::deque<std::function<void()>> later_;
  EventSource soon_;
  EventSource timer_;
};

}  // namespace muster::swarm
