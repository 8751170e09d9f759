// What is answered to GetHealth: the conditions of nodes, with HMNFD's list, which is asked for when the one that is known is too old.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/mutex.h"
#include "common/status.h"
#include "common/time.h"
#include "controller/fleet/conditions.h"
#include "controller/inventory/node_registry.h"
#include "controller/operation/operation.h"
#include "muster/v1/controller.pb.h"

namespace muster {

// A list of HMNFD's counts for so long without another question; it is judged by for as long as that if there is no newer one; and after one
// that came to nothing HMNFD is left alone for a while. Who asks for health first waits for it, and everybody else is told at once.
inline constexpr Duration kFreshList = 10s;
inline constexpr Duration kUsableList = 10min;
inline constexpr Duration kListRetry = 30s;

class FleetHealth {
 public:
  using List = std::shared_ptr<const Subscribers>;
  using ListDone = std::function<void(absl::StatusOr<List>)>;

  // `list_subscribers` may be empty: the controller knows no HMNFD. Registry and clock are lent and outlive it.
  FleetHealth(std::function<void(ListDone)> list_subscribers, const NodeRegistry& registry,
              const Clock& clock);

  // Any thread; `done` comes inside the call, or later on another thread.
  void Get(std::vector<std::string> xnames, v1::HealthBy by,
           std::function<void(v1::Health health)> done);

  // The conditions of one node, with the list that is known. Any thread.
  void AddConditions(const NodeInfo& node, v1::Node* proto) const;

 private:
  struct Known {
    List list;  // null: none
    Time asked{};
    std::string problem;
    std::optional<Time> failed;
    bool is_asking = false;
  };

  // True: the caller asks, and nobody else until it has learnt the answer.
  bool BeginToAsk(Time now);
  void Learn(Time asked, absl::StatusOr<List> list);
  Known Usable(Time now) const;
  v1::Health Summarize(const std::vector<std::string>& xnames, v1::HealthBy by) const;

  const std::function<void(ListDone)> list_subscribers_;
  const NodeRegistry& registry_;
  const Clock& clock_;
  mutable Mutex mutex_;
  Known known_ MUSTER_GUARDED_BY(mutex_);
};

}  // namespace muster
