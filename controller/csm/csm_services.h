// All that musterd knows of CSM, built from its settings, and the owner of it. Those that it gives out live as long as it does, and any thread
// may call them.
#pragma once

#include <memory>
#include <string>

#include "common/time.h"
#include "controller/csm/bos_client.h"
#include "controller/csm/cps_client.h"
#include "controller/csm/csm_config.h"
#include "controller/csm/hmnfd_client.h"
#include "controller/csm/hsm_client.h"
#include "controller/csm/rollout.h"
#include "controller/csm/service_client.h"
#include "controller/csm/sls_client.h"
#include "controller/csm/token_source.h"
#include "controller/csm/waiter.h"

namespace muster {

class CsmServices {
 public:
  // `client_secret`: from the environment, for when the settings name no file. Connects to nothing yet. The clock is lent and outlives it.
  CsmServices(const CsmConfig& config, const Clock& clock, std::string client_secret = "");

  // Null: not configured.
  Subscriptions* subscriptions() { return hmnfd_.client.get(); }
  NodeSource* nodes() { return hsm_.client.get(); }
  ServiceClient* bss() { return bss_.get(); }
  BosClient* bos() { return bos_.client.get(); }
  CpsClient* cps() { return cps_.client.get(); }
  Rollout& rollout() { return rollout_; }

  // Every call that is under way ends within a second or so with CANCELLED, and later ones do at once. Before the threads that call are joined.
  void Stop() { waiter_.Stop(); }

 private:
  template <typename Client>
  struct At {
    std::unique_ptr<ServiceClient> service;
    std::unique_ptr<Client> client;
  };

  // Null for an empty URL.
  std::unique_ptr<ServiceClient> Service(const std::string& base_url);

  const Clock& clock_;
  SystemWaiter waiter_;
  HttpPool http_;
  std::unique_ptr<TokenSource> tokens_;
  At<SlsClient> sls_;
  At<HsmClient> hsm_;
  At<HmnfdClient> hmnfd_;
  std::unique_ptr<ServiceClient> bss_;
  At<BosClient> bos_;
  At<CpsClient> cps_;
  KubectlRollout rollout_;
};

}  // namespace muster
