// What this process uses, under the names that Prometheus' own clients give it. Linux; any thread.
#pragma once

#include "controller/metrics/metric_list.h"

namespace muster {

// What /proc does not tell is left out.
void AddProcessMetrics(MetricList& list);

}  // namespace muster
