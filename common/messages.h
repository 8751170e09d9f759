// What agent and controller say to each other, as plain data. The protocol is told in proto/muster/v1/agent.proto;
// these are its messages after conversion, so that neither core sees protobuf.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/outcome.h"
#include "common/time.h"
#include "common/work.h"

namespace muster {

// 2: agents tell what changes of their node by themselves, and what its clock shows. Of an agent of version 1 nothing is known but what its
// Hello and its outcomes have told. Controllers speak this version and the one before; agents say the one before to a controller that refuses
// this one.
inline constexpr uint32_t kProtocolVersion = 2;
inline constexpr uint32_t kOldestProtocolVersion = kProtocolVersion - 1;
// The first that tells what changes.
inline constexpr uint32_t kTellsChanges = 2;

// The key of one effect: one try of one task.
struct AttemptKey {
  std::string task;  // "jobs/{job}/tasks/{node}"
  uint32_t attempt = 0;
  auto operator<=>(const AttemptKey&) const = default;
};

struct MountedContent {
  std::string source;
  std::string target;
  std::string fstype;
  bool operator==(const MountedContent&) const = default;
};

struct NodeStatus {
  std::string node;
  Duration boot_age{};
  std::vector<UnitState> units;  // ORCA and SPIRE, if the node has them
  std::vector<MountedContent> mounted;
  bool operator==(const NodeStatus&) const = default;
};

struct Epoch {
  std::string store_id;
  uint64_t counter = 0;
  bool operator==(const Epoch&) const = default;
};

struct Hello {
  std::string node;
  std::string incarnation;
  std::string boot_id;
  std::string agent_version;
  uint32_t protocol_version = kProtocolVersion;
  std::vector<std::string> features;
  std::vector<std::string> aliases;
  std::vector<AttemptKey> held;
  NodeStatus status;
  std::optional<Epoch> seen_epoch;  // the newest that this agent was welcomed by
  uint64_t wall_clock_ns = 0;       // what the node's clock shows, for people only; 0: not told
};

struct Welcome {
  std::string node;
  Epoch epoch;
  uint32_t fleet_size = 0;
  Duration ping_interval{};
  uint32_t protocol_version = kProtocolVersion;
};

struct Command {
  std::string node;
  AttemptKey key;
  std::string incarnation;
  std::vector<std::string> required_features;
  Duration start_within{};
  Duration execution_deadline{};
  Work work;
};

struct Settled {
  std::string node;
  AttemptKey key;
};

struct Cancel {
  std::string node;
  AttemptKey key;
};

// No outcome: the attempt is running.
struct Report {
  std::string node;
  AttemptKey key;
  std::optional<Outcome> outcome;
};

// A message of a kind that this program does not know; it is ignored.
struct UnknownMessage {};

using AgentMessage = std::variant<Hello, Report, NodeStatus, UnknownMessage>;
using ControllerMessage = std::variant<Welcome, Command, Settled, Cancel>;

}  // namespace muster
