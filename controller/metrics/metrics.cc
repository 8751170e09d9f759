#include "controller/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "common/version.h"
#include "controller/metrics/fleet_metrics.h"
#include "controller/metrics/process_metrics.h"

namespace muster {
namespace {

void AddSessions(const MetricSources& sources, MetricList& list) {
  list.Gauge("muster_sessions", "Agents that are attached",
             static_cast<double>(sources.registry.attached_count()));
  list.Counter("muster_attaches_total", "Times that an agent has attached",
               static_cast<double>(sources.registry.attaches()));
  std::map<Refusal, uint64_t> refusals;
  for (int i = 0; i < kRefusalKinds; ++i) refusals[static_cast<Refusal>(i)] = 0;
  for (const RefusalCount& refusal : sources.refusals.Counts())
    refusals[refusal.reason] = refusal.count;
  for (const auto& [reason, count] : refusals)
    list.Counter("muster_refusals_total", "What the controller did not do for somebody",
                 static_cast<double>(count), {{"reason", Name(reason)}});
}

void AddQueues(const MetricSources::Queues& queues, MetricList& list) {
  const std::string name = "muster_connections";
  const std::string help = "Connections without a stream or a call yet";
  list.Gauge(name, help, static_cast<double>(queues.waiting_connections), {{"stage", "waiting"}});
  list.Gauge(name, help, static_cast<double>(queues.opening_connections), {{"stage", "opening"}});
  list.Gauge("muster_mailbox_depth", "What waits for the thread that has the controller's state",
             static_cast<double>(queues.mailbox));
  list.Gauge("muster_mailbox_capacity", "How much may wait",
             static_cast<double>(queues.mailbox_capacity));
  list.Counter("muster_mailbox_refused_total", "What was not taken, for too much waited",
               static_cast<double>(queues.mailbox_refused));
}

}  // namespace

std::string Metrics::Text(const MetricSources& sources) const {
  const Time now = sources.clock.Now();
  MetricList list;
  list.Gauge("muster_build_info", "The version, always 1", 1, {{"version", kVersion}});
  list.Gauge("muster_start_time_seconds", "When the controller was started, since 1970",
             Seconds(started_.time_since_epoch()));
  AddSessions(sources, list);
  AddFleetMetrics(sources.fleet, sources.subscribers.Get(), sources.subscribers.has_hmnfd(), now,
                  list);
  const std::string hsm = "muster_hsm_age_seconds";
  const std::string hsm_help = "Since HSM was read";
  list.Declare(hsm, hsm_help, prometheus::MetricType::Gauge);
  if (const std::optional<Time> read = sources.registry.hsm_time())
    list.Gauge(hsm, hsm_help, Seconds(now - *read));
  if (sources.queues) AddQueues(sources.queues(), list);
  jobs_.Add(list);
  list.Gauge("process_start_time_seconds", "When the process was started, since 1970",
             Seconds(started_.time_since_epoch()));
  AddProcessMetrics(list);
  std::vector<prometheus::MetricFamily> families = list.Take();
  std::vector<prometheus::MetricFamily> counted = registry_.Collect();
  families.insert(families.end(), std::make_move_iterator(counted.begin()),
                  std::make_move_iterator(counted.end()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace muster
