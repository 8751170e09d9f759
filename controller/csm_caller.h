// Makes the calls that operations want of CSM, on threads of its own, one for each kind that must not wait for another: HMNFD's readiness, its
// list, and what takes long. Owned by main; what it refers to outlives it.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "common/time.h"
#include "controller/api/worker.h"
#include "controller/csm/csm_services.h"
#include "controller/operation/service_caller.h"

namespace muster {

// How long a rollout may take until all pods are ready: HMNFD has three, which start one after the other.
inline constexpr Duration kRolloutTimeout = 5min;

class CsmCaller final : public ServiceCaller {
 public:
  using SubscribersDone =
      std::function<void(absl::StatusOr<std::shared_ptr<const Subscribers>> subscribers)>;

  // `services` has HMNFD. Of its subscriptions those of `agents` count, or all if there are none.
  CsmCaller(CsmServices& services, std::set<std::string> agents, const Clock& clock);

  // Who hears what came of it; before the first Start.
  void Bind(ServiceListener& listener) { listener_ = &listener; }

  void Start(const ServiceCallWanted& call) override;

  // For operators; any thread. `done` is called once, on this object's thread, or at once with RESOURCE_EXHAUSTED if many wait.
  void ListSubscribers(SubscribersDone done);

 private:
  Worker& WorkerFor(ServiceCall call);
  void Make(const ServiceCallWanted& call);
  HmnfdProbed Probe();
  SubscribersListed List();
  absl::Status Restart(const std::string& deployment);
  absl::StatusOr<bool> HasHmnfd();

  CsmServices& services_;
  const std::set<std::string> agents_;
  const Clock& clock_;
  ServiceListener* listener_ = nullptr;
  Worker probe_;  // these last: their threads use the others
  Worker list_;
  Worker slow_;
};

}  // namespace muster
