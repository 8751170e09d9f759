#include "controller/csm/csm_services.h"

#include <utility>

namespace muster {

namespace {

// Operations ask again by themselves, and say meanwhile what is wrong; operators wait for this long.
constexpr Duration kOperationRetryFor = 5s;

}  // namespace

CsmServices::CsmServices(const CsmConfig& config, const Clock& clock, std::string client_secret)
    : clock_(clock),
      http_({config.ca_file, false, [this] { return waiter_.is_stopped(); }}),
      rollout_({config.kubectl, config.name_space, [this] { return waiter_.is_stopped(); }}) {
  if (!config.token_url.empty()) {
    tokens_ = std::make_unique<TokenSource>(
        TokenOptions{config.token_url, config.client_id, std::move(client_secret),
                     config.client_secret_file},
        http_, clock_);
  }
  if ((sls_.service = Service(config.sls)))
    sls_.client = std::make_unique<SlsClient>(*sls_.service);
  if ((hsm_.service = Service(config.hsm)))
    hsm_.client = std::make_unique<HsmClient>(*hsm_.service, sls_.client.get());
  if ((hmnfd_.service = Service(config.hmnfd)))
    hmnfd_.client = std::make_unique<HmnfdClient>(*hmnfd_.service, kOperationRetryFor);
  bss_ = Service(config.bss);
  if ((bos_.service = Service(config.bos)))
    bos_.client = std::make_unique<BosClient>(*bos_.service, kOperationRetryFor);
  if ((cps_.service = Service(config.cps)))
    cps_.client = std::make_unique<CpsClient>(*cps_.service, kOperationRetryFor);
}

std::unique_ptr<ServiceClient> CsmServices::Service(const std::string& base_url) {
  if (base_url.empty()) return nullptr;
  return std::make_unique<ServiceClient>(ServiceOptions{base_url}, http_, tokens_.get(), clock_,
                                         waiter_);
}

}  // namespace muster
