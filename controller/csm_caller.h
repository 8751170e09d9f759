// Makes the calls that operations want of CSM, on threads of its own, one for each kind that must not wait for another: HMNFD's readiness, its
// list, what takes long, and CPS with BOS. Owned by main; what it refers to outlives it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
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

  // The xname of whoever CPS calls by this name; nothing if nobody is. Any thread.
  using XnameOf = std::function<std::optional<std::string>(const std::string& name)>;

  // Calls are wanted of those services alone that `services` has. Of HMNFD's subscriptions those of `agents` count, or all if there are none.
  CsmCaller(CsmServices& services, std::set<std::string> agents, XnameOf xname_of,
            const Clock& clock);

  // Who hears what came of it; before the first Start.
  void Bind(ServiceListener& listener) { listener_ = &listener; }

  void Start(const ServiceCallWanted& call) override;

  // For operators; any thread. `done` is called once, on this object's thread, or at once with RESOURCE_EXHAUSTED if many wait.
  void ListSubscribers(SubscribersDone done);

  bool has_hmnfd() const { return services_.subscriptions() != nullptr; }
  bool has_cps() const { return services_.cps() != nullptr; }
  bool has_bos() const { return services_.bos() != nullptr; }

 private:
  Worker& WorkerFor(ServiceCall call);
  void Make(const ServiceCallWanted& call);
  HmnfdProbed Probe();
  SubscribersListed List();
  absl::Status Restart(const std::string& deployment);
  absl::StatusOr<bool> HasHmnfd();
  CpsProbed ProbeCps();
  absl::Status MakeSession(const BosSession& session);

  CsmServices& services_;
  const std::set<std::string> agents_;
  const XnameOf xname_of_;
  const Clock& clock_;
  ServiceListener* listener_ = nullptr;
  Worker probe_;  // these last: their threads use the others
  Worker list_;
  Worker slow_;
  Worker content_;
};

}  // namespace muster
