// The work a node can be asked to do, as plain data. The meaning of each is told in proto/muster/v1/command.proto.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/content.h"
#include "common/time.h"

namespace muster {

// Restart a unit and prove that it stays up for `settle`.
struct RestartUnit {
  std::string unit;  // empty: ORCA, under whichever name this node has it
  Duration settle{};
  // A unit that is active and was started no longer ago than this is left alone.
  std::optional<Duration> satisfied_age = std::nullopt;
  bool operator==(const RestartUnit&) const = default;
};

// Report a unit's state and change nothing. Empty: ORCA's.
struct Inspect {
  std::string unit;
  bool operator==(const Inspect&) const = default;
};

// Report what projected content is mounted, with the record by which it can be mounted again, and change nothing.
struct InspectContent {
  bool operator==(const InspectContent&) const = default;
};

// Unmount it. `content` names the content operation whose records are meant; in a command, `record` is the node's.
struct UnmountContent {
  std::string content;
  ContentRecord record = {};
  bool is_lazy = false;
  bool is_forced = false;
  bool operator==(const UnmountContent&) const = default;
};

// Mount what is recorded and not mounted.
struct RemountContent {
  std::string content;
  ContentRecord record = {};
  bool operator==(const RemountContent&) const = default;
};

// Work of a kind that this program does not know: it came from a newer peer, and is refused.
struct UnknownWork {
  bool operator==(const UnknownWork&) const = default;
};

using Work =
    std::variant<RestartUnit, Inspect, InspectContent, UnmountContent, RemountContent, UnknownWork>;

// What a Command of this work requires of an agent, and what an agent that can do it says in Hello.
inline constexpr char kRestartUnitFeature[] = "restart-unit/1";
inline constexpr char kInspectFeature[] = "inspect/1";
inline constexpr char kRestartSinceFeature[] = "restart-since/1";
inline constexpr char kContentFeature[] = "content/2";
std::vector<std::string> RequiredFeatures(const Work& work);

// Whether it unmounts or mounts projected content.
bool ChangesContent(const Work& work);

// "restart cray-orca.service", "restart ORCA", "inspect ORCA", "unmount content".
std::string Describe(const Work& work);

}  // namespace muster
