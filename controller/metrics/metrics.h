// musterd's metrics, in Prometheus' text format. What is counted is kept by prometheus-cpp's registry, what is only read is read when
// somebody asks. Series are bounded: labels are states, reasons, conditions and roles, never nodes, jobs or addresses.
#pragma once

#include <prometheus/registry.h>

#include <functional>
#include <string>

#include "common/time.h"
#include "controller/edge/refusals.h"
#include "controller/fleet/fleet_watch.h"
#include "controller/fleet/subscriber_list.h"
#include "controller/inventory/node_registry.h"
#include "controller/metrics/job_metrics.h"

namespace muster {

// What is read; all is lent.
struct MetricSources {
  const NodeRegistry& registry;
  const FleetWatch& fleet;
  const SubscriberList& subscribers;
  const Refusals& refusals;
  const Clock& clock;
  // Any thread; shortly.
  struct Queues {
    size_t mailbox = 0;
    size_t mailbox_capacity = 0;
    uint64_t mailbox_refused = 0;
    size_t waiting_connections = 0;
    size_t opening_connections = 0;
  };
  std::function<Queues()> queues;
};

class Metrics {
 public:
  explicit Metrics(const Clock& clock) : jobs_(registry_), started_(clock.Now()) {}

  JobMetrics& jobs() { return jobs_; }
  // Any thread.
  std::string Text(const MetricSources& sources) const;

 private:
  prometheus::Registry registry_;
  JobMetrics jobs_;
  const Time started_;
};

}  // namespace muster
