// Values that are read when somebody asks, as Prometheus wants them. Plain data; one thread.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

#include "common/time.h"

namespace muster {

inline double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

class MetricList {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // A family's values follow one another.
  void Gauge(const std::string& name, const std::string& help, double value,
             const Labels& labels = {}) {
    Last(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
  }
  void Counter(const std::string& name, const std::string& help, double value,
               const Labels& labels = {}) {
    Last(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
  }
  // A family that may have no values now: it is told all the same, so that who asks for it is not told that it does not exist.
  void Declare(const std::string& name, const std::string& help, prometheus::MetricType type) {
    families_.push_back({name, help, type, {}});
  }
  std::vector<prometheus::MetricFamily> Take() { return std::move(families_); }

 private:
  prometheus::ClientMetric& Last(const std::string& name, const std::string& help,
                                 prometheus::MetricType type, const Labels& labels) {
    if (families_.empty() || families_.back().name != name)
      families_.push_back({name, help, type, {}});
    prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
    for (const auto& [label, value] : labels) metric.label.push_back({label, value});
    return metric;
  }

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace muster
