// What musterd has of CSM, if its settings name any of it. Owned by main, on whose thread it begins and ends.
#pragma once

#include <memory>
#include <string>

#include "common/status.h"
#include "common/time.h"
#include "controller/config.h"
#include "controller/csm/csm_config.h"
#include "controller/csm/csm_services.h"
#include "controller/csm/hsm_poller.h"
#include "controller/csm_caller.h"
#include "controller/inventory/node_registry.h"
#include "controller/store/job_store.h"

namespace muster {

class Csm {
 public:
  // The first reading of HSM, which `registry` gets, begins at once. What is lent outlives it.
  Csm(const CsmConfig& config, NodeRegistry& registry, const Clock& clock);
  ~Csm() { services_.Stop(); }
  Csm(const Csm&) = delete;
  Csm& operator=(const Csm&) = delete;
  // Ends what is under way; what waits, and what comes later, is answered with errors.
  void Stop() { services_.Stop(); }

  // Null: none of the services is known that it calls.
  CsmCaller* caller() { return caller_.get(); }

 private:
  CsmServices services_;
  std::unique_ptr<CsmCaller> caller_;
  std::unique_ptr<HsmPoller> poller_;
};

// Null if the settings name no service. FAILED_PRECONDITION if an operation that is under way needs what they do not name.
absl::StatusOr<std::unique_ptr<Csm>> ReachCsm(const ControllerConfig& config,
                                              const LoadedOperations& loaded,
                                              NodeRegistry& registry, const Clock& clock);

}  // namespace muster
