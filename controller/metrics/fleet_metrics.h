// The picture of the fleet as numbers: by condition and role, never by node. Any thread.
#pragma once

#include "controller/fleet/fleet_watch.h"
#include "controller/fleet/subscriber_list.h"
#include "controller/metrics/metric_list.h"

namespace muster {

// Roles that are told apart; nodes of those beyond are "other". HSM has eight.
inline constexpr size_t kMaxRoles = 16;

void AddFleetMetrics(const FleetWatch& watch, const SubscriberList::Known& subscribers,
                     bool has_hmnfd, Time now, MetricList& list);

}  // namespace muster
