// How many nodes there are, how they are, and who is not well, worst first. Pure; any thread.
#pragma once

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "controller/fleet/conditions.h"

namespace muster {

// Nodes of whom the same is said.
struct HealthGroup {
  ConditionKind kind{};
  Truth truth{};
  std::string reason;
  std::vector<std::string> nodes;  // in the order in which they were added
  std::string example;             // the message of the first
};

// By verdict.
struct HealthCounts {
  size_t well = 0;
  size_t degraded = 0;
  size_t unknown = 0;
  size_t all() const { return well + degraded + unknown; }
  bool operator==(const HealthCounts&) const = default;
};

enum class HealthBy : int { kNone = 0, kCabinet = 1, kChassis = 2, kRole = 3 };

// "x1000" of "x1000c0s0b0n0", "x1000c0" of it, or the node's role; "other" if it has none.
std::string PartOf(const NodeInfo& node, HealthBy by);

class HealthSummary {
 public:
  explicit HealthSummary(HealthBy by) : by_(by) {}

  // Nodes in natural order.
  void Add(const NodeInfo& node, const std::vector<Condition>& conditions);

  const HealthCounts& counts() const { return counts_; }
  // DEGRADED if a node is; else UNKNOWN if no node is well; else WELL.
  Verdict verdict() const;
  // Of each kind: how many are True, False and Unknown.
  size_t count(ConditionKind kind, Truth truth) const {
    return tally_[static_cast<size_t>(kind)][static_cast<size_t>(truth)];
  }
  // What is not True, and not unknown only because an agent is away: False first, then those with more nodes.
  std::vector<HealthGroup> Groups() const;
  // By part of the machine, if that was asked for.
  const std::map<std::string, HealthCounts, NaturalOrder>& parts() const { return parts_; }

 private:
  using Key = std::tuple<Truth, ConditionKind, std::string>;

  const HealthBy by_;
  HealthCounts counts_;
  std::array<std::array<size_t, 4>, kConditionKinds> tally_{};
  std::map<Key, HealthGroup> groups_;
  std::map<std::string, HealthCounts, NaturalOrder> parts_;
};

}  // namespace muster
