#include "controller/metrics/fleet_metrics.h"

#include <array>
#include <map>
#include <string>

namespace muster {
namespace {

using Tally = std::array<std::array<double, 4>, kConditionKinds>;

struct OfRole {
  double nodes = 0;
  Tally tally{};
};

const char* StatusOf(Truth truth) {
  return truth == Truth::kTrue ? "true" : truth == Truth::kFalse ? "false" : "unknown";
}

std::map<std::string, OfRole> CountByRole(const FleetPicture& picture) {
  std::map<std::string, OfRole> roles;
  for (const PictureRow& row : picture.rows()) {
    const bool is_one_more = roles.size() < kMaxRoles || roles.contains(row.role);
    OfRole& role = roles[is_one_more ? row.role : "other"];
    ++role.nodes;
    for (size_t i = 0; i < row.letters.size(); ++i)
      ++role.tally[i + 1][static_cast<size_t>(TruthOf(row.letters[i]))];
  }
  return roles;
}

void AddVerdicts(const FleetPicture& picture, MetricList& list) {
  double well = 0;
  double degraded = 0;
  double unknown = 0;
  for (const PictureRow& row : picture.rows())
    ++(row.verdict == Verdict::kWell       ? well
       : row.verdict == Verdict::kDegraded ? degraded
                                           : unknown);
  const std::string name = "muster_nodes_by_verdict";
  const std::string help = "Nodes by how they are";
  list.Gauge(name, help, well, {{"verdict", "well"}});
  list.Gauge(name, help, degraded, {{"verdict", "degraded"}});
  list.Gauge(name, help, unknown, {{"verdict", "unknown"}});
}

void AddConditions(const std::map<std::string, OfRole>& roles, MetricList& list) {
  for (const auto& [name, role] : roles)
    list.Gauge("muster_nodes", "Nodes that are known", role.nodes, {{"role", name}});
  for (int kind = 1; kind < kConditionKinds; ++kind) {
    for (const Truth truth : {Truth::kTrue, Truth::kFalse, Truth::kUnknown}) {
      for (const auto& [name, role] : roles)
        list.Gauge("muster_node_conditions", "Nodes by what is true of them",
                   role.tally[static_cast<size_t>(kind)][static_cast<size_t>(truth)],
                   {{"condition", Name(static_cast<ConditionKind>(kind))},
                    {"status", StatusOf(truth)},
                    {"role", name}});
    }
  }
}

void AddEvents(const FleetHistory::Counts& counts, MetricList& list) {
  for (int kind = 1; kind < kConditionKinds; ++kind) {
    for (const Truth truth : {Truth::kTrue, Truth::kFalse, Truth::kUnknown}) {
      const auto found = counts.find({static_cast<ConditionKind>(kind), truth});
      list.Counter(
          "muster_health_events_total", "What has happened to nodes, as events",
          found == counts.end() ? 0 : static_cast<double>(found->second),
          {{"condition", Name(static_cast<ConditionKind>(kind))}, {"status", StatusOf(truth)}});
    }
  }
}

void AddHmnfd(const SubscriberList::Known& known, bool has_hmnfd, Time now, MetricList& list) {
  constexpr auto kGauge = prometheus::MetricType::Gauge;
  const std::string up = "muster_hmnfd_up";
  const std::string up_help = "1 if HMNFD's list could be read last";
  const std::string size = "muster_hmnfd_subscribers";
  const std::string size_help = "Nodes in HMNFD's list";
  const std::string age = "muster_hmnfd_list_age_seconds";
  const std::string age_help = "Since it was asked for";
  const bool has_list = has_hmnfd && known.list != nullptr;
  list.Declare(up, up_help, kGauge);
  if (has_hmnfd) list.Gauge(up, up_help, known.failed ? 0 : 1);
  list.Declare(size, size_help, kGauge);
  if (has_list) list.Gauge(size, size_help, static_cast<double>(known.list->size()));
  list.Declare(age, age_help, kGauge);
  if (has_list) list.Gauge(age, age_help, Seconds(now - known.asked));
}

}  // namespace

void AddFleetMetrics(const FleetWatch& watch, const SubscriberList::Known& subscribers,
                     bool has_hmnfd, Time now, MetricList& list) {
  const FleetPicture picture = watch.picture();
  AddConditions(CountByRole(picture), list);
  AddVerdicts(picture, list);
  AddEvents(watch.event_counts(), list);
  AddHmnfd(subscribers, has_hmnfd, now, list);
}

}  // namespace muster
