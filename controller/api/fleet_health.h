// What is answered to GetHealth: the conditions of nodes, with HMNFD's list, which is asked for when the one that is known is too old.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/time.h"
#include "controller/fleet/conditions.h"
#include "controller/fleet/history_store.h"
#include "controller/fleet/subscriber_list.h"
#include "controller/inventory/node_registry.h"
#include "muster/v1/controller.pb.h"

namespace muster {

// A list of HMNFD's counts for so long without another question.
inline constexpr Duration kFreshList = 10s;

class FleetHealth {
 public:
  // All are lent and outlive it.
  FleetHealth(SubscriberList& subscribers, const NodeRegistry& registry, const Clock& clock)
      : subscribers_(subscribers), registry_(registry), clock_(clock) {}

  // Any thread; `done` comes inside the call, or later on another thread.
  void Get(std::vector<std::string> xnames, v1::HealthBy by,
           std::function<void(v1::Health health)> done);

  // The conditions of one node, with the list that is known. Any thread.
  void AddConditions(const NodeInfo& node, v1::Node* proto) const;

 private:
  v1::Health Summarize(const std::vector<std::string>& xnames, v1::HealthBy by) const;

  SubscriberList& subscribers_;
  const NodeRegistry& registry_;
  const Clock& clock_;
};

v1::HealthEvent ToProto(const HealthEvent& event);

}  // namespace muster
