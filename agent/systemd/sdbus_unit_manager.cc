// Theory. Watching is: the matches, then Subscribe, then for each unit RefUnit and its Id. All are sent at once and answered in
// order, so that the answer to Id means that all before it are in force. This is done when the first unit is watched, when
// the bus was opened again, and when systemd's name has a new owner (it executed itself anew, or it joined a bus
// daemon that was restarted after we did).
//
// The signal names the unit by its Id, which is not the name we were given if that is an alias.
#include "agent/systemd/sdbus_unit_manager.h"

#include <fmt/format.h>
#include <time.h>

#include <charconv>
#include <cstdlib>
#include <utility>
#include <vector>

#include "agent/systemd/unit_properties.h"
#include "common/crash_point.h"
#include "common/log.h"

namespace muster {
namespace {

constexpr char kSystemd[] = "org.freedesktop.systemd1";
constexpr char kManagerPath[] = "/org/freedesktop/systemd1";
constexpr char kManager[] = "org.freedesktop.systemd1.Manager";
constexpr char kProperties[] = "org.freedesktop.DBus.Properties";
constexpr char kUnitInterface[] = "org.freedesktop.systemd1.Unit";
constexpr char kJobPathPrefix[] = "/org/freedesktop/systemd1/job/";

constexpr char kJobRemovedRule[] =
    "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1',"
    "interface='org.freedesktop.systemd1.Manager',member='JobRemoved'";
// Of one unit's object: what other units do wakes nobody.
constexpr char kPropertiesRule[] =
    "type='signal',sender='org.freedesktop.systemd1',path='{}',"
    "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'";
constexpr char kNameOwnerRule[] =
    "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
    "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.systemd1'";

void Ignore(const BusReply&) {}

// Nobody who could answer was reached, as opposed to an answer that says no.
bool IsUnreachable(const BusReply& reply) {
  const std::string& name = reply.error_name;
  return name == kDisconnectedError || name == "org.freedesktop.DBus.Error.NoReply" ||
         name == "org.freedesktop.DBus.Error.Timeout" ||
         name == "org.freedesktop.DBus.Error.TimedOut" ||
         name == "org.freedesktop.DBus.Error.NoServer" ||
         name == "org.freedesktop.DBus.Error.ServiceUnknown" ||
         name == "org.freedesktop.DBus.Error.NameHasNoOwner" ||
         name.starts_with("org.freedesktop.DBus.Error.Spawn.");
}

absl::StatusCode CodeOf(const BusReply& reply) {
  if (IsUnreachable(reply)) return absl::StatusCode::kUnavailable;
  if (reply.error_name == "org.freedesktop.DBus.Error.AccessDenied") {
    return absl::StatusCode::kPermissionDenied;
  }
  // systemd has no object for what cannot be a unit's name.
  if (reply.error_name == "org.freedesktop.DBus.Error.UnknownObject" ||
      reply.error_name == "org.freedesktop.DBus.Error.InvalidArgs") {
    return absl::StatusCode::kInvalidArgument;
  }
  return absl::StatusCode::kInternal;
}

absl::Status StatusOf(const BusReply& reply, const std::string& what) {
  return MakeStatus(CodeOf(reply), "{}: {} ({})", what, reply.error_message, reply.error_name);
}

Duration MonotonicNow() {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec);
}

// "/org/freedesktop/systemd1/unit/cray_2dorca_2eservice".
std::string UnitPath(const std::string& unit) {
  char* path = nullptr;
  sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &path);
  std::string result = path == nullptr ? "/" : path;
  std::free(path);
  return result;
}

RestartAnswer ReadRestartAnswer(const BusReply& reply) {
  if (!reply.ok()) {
    return {.job_id = 0, .error_name = reply.error_name, .error_message = reply.error_message};
  }
  RestartAnswer answer;
  const char* path = nullptr;
  if (sd_bus_message_read(reply.message, "o", &path) > 0) {
    const std::string job = path;
    if (job.starts_with(kJobPathPrefix)) {
      const char* digits = job.data() + sizeof(kJobPathPrefix) - 1;
      std::from_chars(digits, job.data() + job.size(), answer.job_id);
    }
  }
  if (answer.job_id == 0) {
    answer.error_name = "org.freedesktop.DBus.Error.InvalidSignature";
    answer.error_message = "systemd's answer to RestartUnit names no job";
  }
  return answer;
}

}  // namespace

SdBusUnitManager::SdBusUnitManager(sd_event* event, Handler& handler)
    : handler_(handler), bus_(event, *this) {}

void SdBusUnitManager::CallManager(const char* member, const std::vector<std::string>& arguments,
                                   SystemBus::ReplyHandler handler) {
  bus_.Call({kSystemd, kManagerPath, kManager, member}, arguments, std::move(handler));
}

void SdBusUnitManager::Watch(const std::string& unit, std::function<void(absl::Status)> done) {
  bus_.KeepUp(true);
  bus_.Open();  // before the unit counts as watched, so that it is established once
  const bool is_first = watched_.empty();
  const auto [found, is_new] = watched_.try_emplace(unit);
  if (is_new) {
    found->second.number = ++last_number_;
    found->second.id = unit;
  }
  if (is_first) Subscribe();
  Establish(unit, std::move(done));
}

void SdBusUnitManager::Unwatch(const std::string& unit) {
  const auto found = watched_.find(unit);
  if (found == watched_.end()) return;
  const uint32_t references = found->second.references;
  watched_.erase(found);
  if (watched_.empty()) bus_.KeepUp(!observed_.empty());
  if (!bus_.is_open()) return;
  for (uint32_t i = 0; i < references; ++i) CallManager("UnrefUnit", {unit}, Ignore);
  if (!watched_.empty()) return;
  bus_.RemoveMatch(jobs_);
  if (!observed_.empty()) return;
  bus_.RemoveMatch(owner_);
  CallManager("Unsubscribe", {}, Ignore);
}

void SdBusUnitManager::Observe(const std::vector<std::string>& units) {
  if (units.empty()) return;
  bus_.KeepUp(true);
  bus_.Open();
  observed_ = units;
  ObserveAll();
}

// What changed until the matches are there is not lost: whoever hears of it looks.
void SdBusUnitManager::ObserveAll() {
  for (const auto& [id, match] : observed_ids_) bus_.RemoveMatch(match);
  observed_ids_.clear();
  if (watched_.empty()) ListenToSystemd();
  for (const std::string& unit : observed_) ObserveOne(unit);
}

void SdBusUnitManager::ObserveOne(const std::string& unit) {
  bus_.Call({kSystemd, UnitPath(unit).c_str(), kProperties, "Get"}, {kUnitInterface, "Id"},
            [this, unit](const BusReply& reply) {
              if (std::find(observed_.begin(), observed_.end(), unit) == observed_.end()) return;
              const char* id = nullptr;
              if (!reply.ok() || sd_bus_message_read(reply.message, "v", "s", &id) <= 0) return;
              if (const auto [found, is_new] = observed_ids_.try_emplace(id); is_new) {
                found->second =
                    bus_.AddMatch(fmt::format(kPropertiesRule, UnitPath(id)),
                                  [this](sd_bus_message*) { handler_.OnUnitsChanged(); });
              }
              handler_.OnUnitsChanged();
            });
}

void SdBusUnitManager::OnBusOpened() {
  if (!observed_.empty()) ObserveAll();
  if (watched_.empty()) return;
  Subscribe();
  std::vector<std::string> units;
  for (auto& [unit, watch] : watched_) {
    watch.references = 0;
    units.push_back(unit);
  }
  for (const std::string& unit : units) Establish(unit, nullptr);
}

void SdBusUnitManager::Subscribe() {
  jobs_ =
      bus_.AddMatch(kJobRemovedRule, [this](sd_bus_message* message) { OnJobRemoved(message); });
  ListenToSystemd();
}

void SdBusUnitManager::ListenToSystemd() {
  bus_.RemoveMatch(owner_);
  owner_ = bus_.AddMatch(kNameOwnerRule,
                         [this](sd_bus_message* message) { OnNameOwnerChanged(message); });
  CallManager("Subscribe", {}, Ignore);
}

// `done`, or OnWatchRestored if there is none. RefUnit may say no (no such unit); that the answers arrive is what counts.
void SdBusUnitManager::Establish(const std::string& unit, std::function<void(absl::Status)> done) {
  Watched& watch = watched_.at(unit);
  if (done == nullptr || watch.references == 0) {
    CallManager("RefUnit", {unit}, Ignore);
    ++watch.references;
  }
  bus_.Call({kSystemd, UnitPath(unit).c_str(), kProperties, "Get"}, {kUnitInterface, "Id"},
            [this, unit, number = watch.number, done = std::move(done)](const BusReply& reply) {
              OnId(unit, number, reply, done);
            });
}

void SdBusUnitManager::OnId(const std::string& unit, uint64_t number, const BusReply& reply,
                            const std::function<void(absl::Status)>& done) {
  const auto found = watched_.find(unit);
  const bool is_watched = found != watched_.end() && found->second.number == number;
  const char* id = nullptr;
  if (is_watched && reply.ok() && sd_bus_message_read(reply.message, "v", "s", &id) > 0) {
    found->second.id = id;
  }
  const bool is_reached = !IsUnreachable(reply);
  if (done != nullptr) {
    done(is_reached ? absl::OkStatus() : StatusOf(reply, "watch " + unit));
  } else if (is_reached && is_watched) {
    handler_.OnWatchRestored(unit);
  }
}

void SdBusUnitManager::OnJobRemoved(sd_bus_message* message) {
  uint32_t job_id = 0;
  const char *path = nullptr, *id = nullptr, *result = nullptr;
  if (sd_bus_message_read(message, "uoss", &job_id, &path, &id, &result) < 0) return;
  // The handler may watch and unwatch.
  std::vector<std::string> units;
  for (const auto& [unit, watch] : watched_) {
    if (watch.id == id || unit == id) units.push_back(unit);
  }
  const std::string job_result = result;
  for (const std::string& unit : units) handler_.OnJobRemoved(unit, job_id, job_result);
}

void SdBusUnitManager::OnNameOwnerChanged(sd_bus_message* message) {
  const char *name = nullptr, *old_owner = nullptr, *new_owner = nullptr;
  if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0) return;
  if (*new_owner == '\0') return;
  log::Info("systemd is on the bus anew, watching {} units again", watched_.size());
  CallManager("Subscribe", {}, Ignore);
  std::vector<std::string> units;
  for (const auto& [unit, watch] : watched_) units.push_back(unit);
  for (const std::string& unit : units) Establish(unit, nullptr);
  for (const std::string& unit : observed_) ObserveOne(unit);
}

void SdBusUnitManager::Inspect(const std::string& unit,
                               std::function<void(absl::StatusOr<UnitState>)> done) {
  // An empty interface name asks for the properties of all interfaces (sd_bus_add_object_vtable(3) serves it): one call.
  bus_.Call({kSystemd, UnitPath(unit).c_str(), kProperties, "GetAll"}, {""},
            [unit, done = std::move(done)](const BusReply& reply) {
              if (!reply.ok()) return done(StatusOf(reply, "read the properties of " + unit));
              done(ReadUnitState(unit, MonotonicNow(), reply.message));
            });
}

void SdBusUnitManager::Restart(const std::string& unit, std::function<void(RestartAnswer)> done) {
  // Both are sent at once; systemd takes them in order. An error of the first (no such unit) is the second's, too.
  CallManager("ResetFailedUnit", {unit}, Ignore);
  CallManager("RestartUnit", {unit, "replace"},
              [done = std::move(done)](const BusReply& reply) { done(ReadRestartAnswer(reply)); });
  bus_.WhenSent([] { CrashPoint("agent.call-sent"); });
}

}  // namespace muster
