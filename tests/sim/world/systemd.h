// systemd of one machine, small and honest: units with an InvocationID for each start, jobs with an end, start limits, and what units do
// by themselves. Requests are taken in the order in which they come; the bus may be slow or go away.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/systemd/unit_manager.h"
#include "common/messages.h"
#include "common/outcome.h"
#include "tests/sim/world/agenda.h"
#include "tests/sim/world/random.h"

namespace muster::sim {

// What a unit does when it is started.
enum class Behaviour {
  kGood,
  kSlow,          // its start takes up to half a minute
  kFails,         // exits with an error as it starts
  kFailsAtFirst,  // a few times, then it is good
  kHangs,         // never gets ready; systemd gives it up after its start timeout, if it has one
  kDiesLater,     // some time after its start, for good
  kCrashLoops,    // dies some time after each start, and systemd starts it again
  kStartLimit,    // is not started at all: its start limit is hit
  kConditionNotMet,
  kMasked,
  kNotFound,
  kDependencyFails,
};

// One start of a unit.
struct Invocation {
  std::string unit;
  Duration started{};
  std::optional<Duration> active;  // since when it was up
  std::optional<Duration> ended;
  std::optional<AttemptKey> by;  // nothing: somebody else, or systemd
};

class Systemd {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnJobRemoved(const std::string& unit, uint32_t job, const std::string& result) = 0;
    // A job that was asked for on behalf of an attempt has stopped the unit or started it, for the first time.
    virtual void OnTouched(const AttemptKey& key, const std::string& unit) = 0;
    // Such a job has started an instance.
    virtual void OnStarted(const AttemptKey& key, const std::string& unit) = 0;
  };

  Systemd(Agenda& agenda, Random random, Listener& listener)
      : agenda_(agenda), random_(random), listener_(listener) {}

  void Add(const std::string& unit, Behaviour behaviour);
  void SetBehaviour(const std::string& unit, Behaviour behaviour);
  // The machine has booted: units that are enabled are started. Before it, PowerOff.
  void Boot();
  void PowerOff();

  UnitState Inspect(const std::string& unit) const;
  // ResetFailedUnit and RestartUnit. `key` is nothing if somebody else asks.
  RestartAnswer Restart(const std::string& unit, const std::optional<AttemptKey>& key);
  // Somebody stops it; takes a job away that is under way.
  void Stop(const std::string& unit);

  const Invocation* Find(const std::string& invocation) const;
  // When the newest instance became active, if it is.
  std::optional<Duration> ActiveSince(const std::string& unit) const;
  std::vector<std::string> units() const;

 private:
  struct Unit {
    Behaviour behaviour = Behaviour::kGood;
    UnitState state;
    std::optional<Duration> active_since;
    std::optional<AttemptKey> key;  // of the job
    bool is_untouched = false;      // by the job
    uint64_t step = 0;              // what was planned before a later step does not happen
    uint32_t failures_left = 0;
    std::vector<Duration> starts;  // of the last seconds
    bool has_start_timeout = true;
  };

  void Plan(const std::string& name, Duration delay, std::function<void(Unit&)> what);
  void Start(const std::string& name, Unit& unit);
  void BecomeActive(const std::string& name, Unit& unit);
  void Die(const std::string& name, Unit& unit, bool restarts);
  void Fail(const std::string& name, Unit& unit, const std::string& result,
            const std::string& job_result);
  void Touch(const std::string& name, Unit& unit);
  void EndInvocation(Unit& unit);
  void EndJob(const std::string& name, Unit& unit, const std::string& result);
  bool IsLimitHit(Unit& unit);

  Agenda& agenda_;
  Random random_;
  Listener& listener_;
  uint32_t last_job_ = 100;
  uint64_t boot_ = 0;
  std::map<std::string, Unit> units_;
  std::map<std::string, Invocation> invocations_;
};

}  // namespace muster::sim
