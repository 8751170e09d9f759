// systemd over D-Bus: the UnitManager of a real node. Made by main with the runner as its handler, both of which outlive it; loop
// thread only; destroying it calls nothing.
//
// While at least one unit is watched it is subscribed to the ends of jobs; with the last one gone, no match but those of the observed units
// themselves is left and no timer, so that an idle agent sleeps whatever else the host starts. A watched unit counts as watched until Unwatch, even if Watch
// answered with an error: it comes into force when the bus is back, and OnWatchRestored tells so. OnWatchRestored may also come
// without a loss of the bus, when systemd has executed itself anew.
//
// A Restart whose fate nobody knows (the bus was lost, or systemd said nothing for 25 s) answers with error_name
// org.freedesktop.DBus.Error.NoReply; see IsEffectUnknown in unit_result.h. If it was certainly not sent the name is
// org.freedesktop.DBus.Error.Disconnected.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/systemd/system_bus.h"
#include "agent/systemd/unit_manager.h"

namespace muster {

class SdBusUnitManager final : public UnitManager, private SystemBus::Listener {
 public:
  SdBusUnitManager(sd_event* event, Handler& handler);

  // Watching a unit twice is watching it once.
  void Watch(const std::string& unit, std::function<void(absl::Status)> done) override;
  void Unwatch(const std::string& unit) override;
  void Observe(const std::vector<std::string>& units) override;
  void Inspect(const std::string& unit,
               std::function<void(absl::StatusOr<UnitState>)> done) override;
  void Restart(const std::string& unit, std::function<void(RestartAnswer)> done) override;

 private:
  struct Watched {
    uint64_t number = 0;      // tells this watch from a later one of the same unit
    std::string id;           // systemd's own name of the unit: signals say this one, not the alias
    uint32_t references = 0;  // RefUnit calls of this connection
  };

  void OnBusOpened() override;
  void Subscribe();
  void ListenToSystemd();
  void ObserveAll();
  void ObserveOne(const std::string& unit);
  void Establish(const std::string& unit, std::function<void(absl::Status)> done);
  void OnId(const std::string& unit, uint64_t number, const BusReply& reply,
            const std::function<void(absl::Status)>& done);
  void OnJobRemoved(sd_bus_message* message);
  void OnNameOwnerChanged(sd_bus_message* message);
  void CallManager(const char* member, const std::vector<std::string>& arguments,
                   SystemBus::ReplyHandler handler);

  Handler& handler_;
  SystemBus bus_;
  std::map<std::string, Watched> watched_;
  uint64_t last_number_ = 0;
  SystemBus::MatchNumber jobs_ = 0;   // while a unit is watched
  SystemBus::MatchNumber owner_ = 0;  // while one is watched or observed
  std::vector<std::string> observed_;
  std::map<std::string, SystemBus::MatchNumber> observed_ids_;  // of those, what signals call them
};

}  // namespace muster
