#include "agent/systemd/unit_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace muster {
namespace {

constexpr size_t kInvocationBytes = 16;

// Where the values of one reply go.
struct Target {
  UnitState& state;
  uint64_t active_enter_usec = 0;
};

int ReadString(sd_bus_message* m, std::string& value) {
  const char* text = nullptr;
  const int r = sd_bus_message_read(m, "v", "s", &text);
  if (r > 0) value = text;
  return r;
}

int ReadBool(sd_bus_message* m, bool& value) {
  int flag = 0;
  const int r = sd_bus_message_read(m, "v", "b", &flag);
  if (r > 0) value = flag != 0;
  return r;
}

// 16 bytes, or none if the unit was never started.
int ReadInvocation(sd_bus_message* m, std::string& value) {
  const void* bytes = nullptr;
  size_t size = 0;
  int r = sd_bus_message_enter_container(m, 'v', "ay");
  if (r < 0) return r;
  if ((r = sd_bus_message_read_array(m, 'y', &bytes, &size)) < 0) return r;
  value.clear();
  if (size == kInvocationBytes) {
    for (const uint8_t byte : std::span(static_cast<const uint8_t*>(bytes), size)) {
      value += fmt::format("{:02x}", byte);
    }
  }
  if (value == std::string(2 * kInvocationBytes, '0')) value.clear();
  return sd_bus_message_exit_container(m);
}

int ReadJob(sd_bus_message* m, uint32_t& id) {
  const char* path = nullptr;
  return sd_bus_message_read(m, "v", "(uo)", &id, &path);
}

struct Property {
  const char* name;
  int (*read)(sd_bus_message*, Target&);
};

constexpr auto kReadProperties = std::to_array<Property>({
    {"LoadState", [](auto* m, Target& t) { return ReadString(m, t.state.load_state); }},
    {"ActiveState", [](auto* m, Target& t) { return ReadString(m, t.state.active_state); }},
    {"SubState", [](auto* m, Target& t) { return ReadString(m, t.state.sub_state); }},
    {"Result", [](auto* m, Target& t) { return ReadString(m, t.state.result); }},
    {"InvocationID", [](auto* m, Target& t) { return ReadInvocation(m, t.state.invocation_id); }},
    {"Job", [](auto* m, Target& t) { return ReadJob(m, t.state.job_id); }},
    {"NeedDaemonReload",
     [](auto* m, Target& t) { return ReadBool(m, t.state.need_daemon_reload); }},
    {"ConditionResult", [](auto* m, Target& t) { return ReadBool(m, t.state.condition_result); }},
    {"ActiveEnterTimestampMonotonic",
     [](auto* m, Target& t) { return sd_bus_message_read(m, "v", "t", &t.active_enter_usec); }},
    {"ExecMainCode",
     [](auto* m, Target& t) { return sd_bus_message_read(m, "v", "i", &t.state.exec_main_code); }},
    {"ExecMainStatus",
     [](auto* m, Target& t) {
       return sd_bus_message_read(m, "v", "i", &t.state.exec_main_status);
     }},
    {"NRestarts",
     [](auto* m, Target& t) { return sd_bus_message_read(m, "v", "u", &t.state.restarts); }},
});

int ReadProperty(sd_bus_message* m, Target& target) {
  const char* name = nullptr;
  const int r = sd_bus_message_read(m, "s", &name);
  if (r < 0) return r;
  for (const Property& property : kReadProperties) {
    if (std::string_view(property.name) == name) return property.read(m, target);
  }
  return sd_bus_message_skip(m, "v");
}

int ReadAll(sd_bus_message* m, Target& target) {
  int r = sd_bus_message_enter_container(m, 'a', "{sv}");
  while (r >= 0) {
    r = sd_bus_message_enter_container(m, 'e', "sv");
    if (r <= 0) break;
    if ((r = ReadProperty(m, target)) < 0) break;
    r = sd_bus_message_exit_container(m);
  }
  return r < 0 ? r : sd_bus_message_exit_container(m);
}

}  // namespace

absl::StatusOr<UnitState> ReadUnitState(const std::string& unit, Duration monotonic_now,
                                        sd_bus_message* reply) {
  UnitState state;
  state.unit = unit;
  Target target{.state = state};
  if (const int r = ReadAll(reply, target); r < 0) {
    return MakeStatus(absl::StatusCode::kInternal,
                      "read the properties of {}: systemd's answer is malformed ({})", unit, -r);
  }
  if (state.load_state.empty() || state.active_state.empty()) {
    return MakeStatus(absl::StatusCode::kInternal,
                      "read the properties of {}: systemd's answer has no LoadState or ActiveState",
                      unit);
  }
  const Duration entered = std::chrono::microseconds(target.active_enter_usec);
  if (state.active_state == "active" && target.active_enter_usec != 0) {
    state.active_age = std::max(monotonic_now - entered, Duration::zero());
  }
  return state;
}

}  // namespace muster
