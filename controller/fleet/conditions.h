// What is true of a node now, as Kubernetes tells it: conditions, each True, False or Unknown, with a reason in one word. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/time.h"
#include "controller/inventory/node_registry.h"

namespace muster {

// Numbers as in proto/muster/v1/health.proto, where each is explained.
enum class ConditionKind : int {
  kUnspecified = 0,
  kAgentAttached = 1,
  kOrcaActive = 2,
  kSubscribed = 3,
  kContentMounted = 4,
  kSpireHealthy = 5,
  kAgentCurrent = 6,
  kClockSynced = 7,
  kUnitsActive = 8,
};
inline constexpr int kConditionKinds = 9;

// "AgentAttached".
const char* Name(ConditionKind kind);

enum class Truth : int { kUnspecified = 0, kTrue = 1, kFalse = 2, kUnknown = 3 };

// The reason of what is not known because the node's agent is away; that it is away is a condition itself.
inline constexpr char kAgentAway[] = "AgentAway";
// The reason of what is not known because the node's agent is of a protocol version that does not tell what changes.
inline constexpr char kOldAgent[] = "OldAgent";
// The reason that passes without anybody telling.
inline constexpr char kCrashLoop[] = "CrashLoop";

struct Condition {
  ConditionKind kind{};
  Truth truth{};
  std::string reason;   // one word, such as "CrashLoop": what nodes are grouped by
  std::string message;  // a sentence about this node; may be empty
  std::optional<Time> since = std::nullopt;
  // Which one it is, of what is True again and again without a False in between that was seen: the boot of the node, the invocation of the
  // unit. May be empty.
  std::string mark = {};
  bool is_by_job = false;  // that it is this one is the work of a job of ours, which tells it
  bool operator==(const Condition&) const = default;
};

// Whether HMNFD has the node; nothing if HMNFD's list is not known.
using IfSubscribed = std::optional<bool>;

// In the order of the kinds. One that says nothing of a node, such as content on one that has none, is left out.
std::vector<Condition> ConditionsOf(const NodeInfo& node, IfSubscribed is_subscribed, Time now);

// How a node is, by its conditions.
enum class Verdict : int {
  kUnspecified = 0,
  kWell = 1,
  kDegraded = 2,  // a condition is False
  kUnknown = 3,   // its agent is away, and may be; or is too old to tell
};
Verdict VerdictOn(const std::vector<Condition>& conditions);

// A unit that was started again by itself so often, and runs for less than this, is in a crash loop.
inline constexpr uint32_t kCrashLoopRestarts = 3;
inline constexpr Duration kCrashLoopAge = 1min;
// A node's clock may be off by so much: more than a Hello is under way while a whole fleet attaches, less than what makes a log useless.
inline constexpr Duration kClockTolerance = 10s;

}  // namespace muster
